// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/replay_strategy.h"

#include <algorithm>

namespace ums::explore {

// Whether all turns have been taken, and everybody is equally likely to go on from here.
bool ReplayStrategy::is_to_be_fair() const {
  const std::optional<Fairness>& fairness = schedule_.fairness();
  return fairness.has_value() && turn_ == schedule_.turns().size() && steps_ == fairness->steps;
}

std::size_t ReplayStrategy::next_task(std::span<const Choice> choices, int current) {
  if (!fair_seed().has_value() && is_to_be_fair()) begin_fairness(schedule_.fairness()->seed);
  if (fair_seed().has_value()) return choose_fairly(choices);
  const std::size_t otherwise = default_choice(choices, current);
  if (choices.size() == 1) return otherwise;
  const auto& turns = schedule_.turns();
  if (turn_ == turns.size() || steps_ < turns[turn_].steps) {
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
