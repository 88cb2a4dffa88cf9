// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/replay_strategy.h"

#include <algorithm>

namespace ums::explore {

std::size_t ReplayStrategy::next_task(std::span<const Choice> choices, int current) {
  const std::size_t otherwise = default_choice(choices, current);
  const auto& turns = schedule_.turns();
  if (choices.size() == 1 || turn_ == turns.size()) return otherwise;
  if (steps_ < turns[turn_].steps) {
    ++steps_;
    return otherwise;
  }
  steps_ = 0;
  const int task = turns[turn_++].task;
  const auto found = std::find_if(choices.begin(), choices.end(),
                                  [&](const Choice& choice) { return choice.task == task; });
  strayed_ |= found == choices.end();
  return found == choices.end() ? otherwise : static_cast<std::size_t>(found - choices.begin());
}

}  // namespace ums::explore
