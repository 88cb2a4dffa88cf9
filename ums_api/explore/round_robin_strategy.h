// SPDX-License-Identifier: Apache-2.0
//
// RoundRobinStrategy: all in turn. In the first execution each task makes one step, in the next one
// two, and so on, until nobody has used up its steps. Threads that are created one after the other
// begin together: who creates one goes on, then who begins, and the last of them has the first
// turn.
#pragma once

#include "ums_api/explore/strategy.h"

namespace ums::explore {

class RoundRobinStrategy final : public Strategy {
 public:
  bool new_execution() override;
  std::size_t next_task(std::span<const Choice> choices, int current) override;
  std::uint64_t next_number(std::uint64_t) override { return 0; }

 private:
  std::uint64_t quantum_ = 0;     // steps in a row
  std::uint64_t left_ = 0;        // of them, to who runs
  bool was_interrupted_ = false;  // somebody, in this execution
};

}  // namespace ums::explore
