// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/pos_strategy.h"

namespace ums::explore {

bool PosStrategy::new_execution() {
  priorities_.clear();
  return true;
}

std::uint64_t& PosStrategy::priority_of(const Choice& choice) {
  const auto index = static_cast<std::size_t>(choice.task);
  if (index >= priorities_.size()) priorities_.resize(index + 1);
  if (priorities_[index] == 0) priorities_[index] = random_.next() | 1;
  return priorities_[index];
}

std::size_t PosStrategy::next_task(std::span<const Choice> choices, int) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < choices.size(); ++i) {
    if (priority_of(choices[i]) > priority_of(choices[best])) best = i;
  }
  const Event made = choices[best].next;
  for (const Choice& choice : choices) {
    if (may_conflict(choice.next, made)) priority_of(choice) = 0;
  }
  priority_of(choices[best]) = 0;
  return best;
}

}  // namespace ums::explore
