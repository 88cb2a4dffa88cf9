// SPDX-License-Identifier: Apache-2.0
//
// Execution: a strategy in charge of one simulation, and what comes of it.
//
//     Execution execution(strategy);
//     simulation_begin(execution); ... simulation_end();
//     if (execution.is_stuck()) ... execution.schedule()
//
// Thread safety: the carrier.
#pragma once

#include "sim_kernel/simulated/simulation.h"
#include "ums_api/explore/schedule.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

class Execution : public kernel::Chooser {
 public:
  explicit Execution(Strategy& strategy) : strategy_(strategy) {}
  virtual ~Execution() = default;

  std::size_t choose(std::span<const Choice> choices, int current) noexcept final {
    const std::size_t chosen = strategy_.next_task(choices, current);
    if (choices.size() > 1) schedule_.note(choices, current, chosen);
    return chosen;
  }

  void stuck() noexcept override { stuck_ = true; }

  bool is_stuck() const { return stuck_; }
  const Schedule& schedule() const { return schedule_; }

 private:
  Strategy& strategy_;
  Schedule schedule_;
  bool stuck_ = false;
};

}  // namespace ums::explore
