// SPDX-License-Identifier: Apache-2.0
//
// TimeSharingStrategy: one execution, as an operating system would run it: who has waited longest
// for a CPU is next to get one, and who has had one for a quantum, or yields, goes to the end of
// the queue if somebody waits for it (Linux: SCHED_RR). For simulations with virtual CPUs, of which
// it asks who is where.
//
// Without costs time may stand still: a thread that tries again and again what another is to make
// possible, and neither yields nor computes, has its turn for ever.
#pragma once

#include <utility>

#include "ums_api/explore/arena.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

class TimeSharingStrategy final : public Strategy {
 public:
  bool new_execution() override { return !std::exchange(begun_, true); }
  std::size_t next_task(std::span<const Choice> choices, int current) override;
  std::uint64_t next_number(std::uint64_t) override { return 0; }

 private:
  std::uint64_t& last_step_of(int task);

  ArenaVector<std::uint64_t> last_steps_;  // by task
  std::uint64_t steps_ = 0;
  bool begun_ = false;
};

}  // namespace ums::explore
