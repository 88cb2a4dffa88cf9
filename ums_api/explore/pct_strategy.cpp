// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/pct_strategy.h"

#include <algorithm>

namespace ums::explore {

bool PctStrategy::new_execution() {
  longest_ = std::max(longest_, step_);
  step_ = 0;
  priorities_.clear();
  lowest_ = kLowestOfChangePoints;
  change_points_.resize(static_cast<std::size_t>(depth_ - 1));
  for (std::uint64_t& point : change_points_) {
    point = longest_ == 0 ? 0 : 1 + random_.below(longest_);
  }
  return true;
}

// Above those that fall.
std::uint64_t& PctStrategy::priority_of(int task) {
  const auto index = static_cast<std::size_t>(task);
  if (index >= priorities_.size()) priorities_.resize(index + 1);
  std::uint64_t& priority = priorities_[index];
  if (priority == 0) priority = random_.next() | std::uint64_t{1} << 63;
  return priority;
}

std::size_t PctStrategy::highest(std::span<const Choice> choices) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < choices.size(); ++i) {
    if (priority_of(choices[i].task) > priority_of(choices[best].task)) best = i;
  }
  return best;
}

std::size_t PctStrategy::next_task(std::span<const Choice> choices, int) {
  ++step_;
  std::size_t chosen = highest(choices);
  for (std::size_t i = 0; i < change_points_.size(); ++i) {
    if (change_points_[i] != step_) continue;
    priority_of(choices[chosen].task) = kLowestOfChangePoints + change_points_.size() - i;
    chosen = highest(choices);
  }
  if (choices[chosen].next.kind == kernel::EventKind::kYield) {
    priority_of(choices[chosen].task) = --lowest_;
  }
  return chosen;
}

}  // namespace ums::explore
