// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/exhaustive_strategy.h"

#include <algorithm>
#include <utility>

#include "ums_api/explore/schedule.h"

namespace ums::explore {

namespace {

bool is_preemption(std::span<const Choice> choices, int current, std::size_t index) {
  return choices[index].task != current && is_preempted(choices, current);
}

bool same_tasks(std::span<const Choice> a, std::span<const Choice> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Choice& x, const Choice& y) { return x.task == y.task; });
}

}  // namespace

bool ExhaustiveStrategy::is_beyond_bound(const Node& node, std::size_t index) const {
  return bound_.has_value() && node.preemptions == *bound_ &&
         is_preemption(node.choices, node.current, index);
}

// False: there is no other.
bool ExhaustiveStrategy::choose_another(Node& node) const {
  for (std::size_t i = 0; i < node.choices.size(); ++i) {
    if (node.done[i] || is_beyond_bound(node, i)) continue;
    node.chosen = i;
    node.done[i] = true;
    return true;
  }
  return false;
}

// What was tried at the step before, or slept there, sleeps on unless the step made conflicts.
ExhaustiveStrategy::Node ExhaustiveStrategy::make_node(std::span<const Choice> choices,
                                                       int current) const {
  Node node{{choices.begin(), choices.end()}, ArenaVector<char>(choices.size()), 0, {}, 0, current};
  if (path_.empty()) return node;
  const Node& before = path_.back();
  const Choice& made = before.choices[before.chosen];
  node.preemptions =
      before.preemptions + (is_preemption(before.choices, before.current, before.chosen) ? 1 : 0);
  if (bound_.has_value()) return node;
  const auto sleep_on = [&](const Choice& choice) {
    if (choice.task != made.task && !may_conflict(choice.next, made.next)) {
      node.sleeping.push_back(choice);
    }
  };
  std::for_each(before.sleeping.begin(), before.sleeping.end(), sleep_on);
  for (std::size_t i = 0; i < before.choices.size(); ++i) {
    const Choice& choice = before.choices[i];
    if (before.done[i] && !may_go_on(before.sleeping, choice.task)) sleep_on(choice);
  }
  for (std::size_t i = 0; i < choices.size(); ++i) {
    node.done[i] = may_go_on(node.sleeping, choices[i].task) ? 1 : 0;
  }
  return node;
}

bool ExhaustiveStrategy::new_execution() {
  depth_ = 0;
  new_ = true;
  if (!std::exchange(begun_, true)) return true;
  while (!path_.empty() && !choose_another(path_.back())) path_.pop_back();
  return !path_.empty();
}

double ExhaustiveStrategy::left() const {
  double left = 0;
  double share = 1;  // of what can be done from here on
  for (const Node& node : path_) {
    const auto choices = static_cast<double>(node.choices.size());
    const auto done = static_cast<double>(std::count(node.done.begin(), node.done.end(), true));
    left += share * (choices - done) / choices;
    share /= choices;
  }
  return left;
}

std::size_t ExhaustiveStrategy::next_task(std::span<const Choice> choices, int current) {
  if (depth_ == path_.size()) {
    Node node = make_node(choices, current);
    if (!new_) node.done.assign(choices.size(), true);
    node.chosen = default_choice(choices, current);
    if (!node.done[node.chosen]) {
      node.done[node.chosen] = true;
    } else if (!choose_another(node)) {
      new_ = false;
    }
    path_.push_back(std::move(node));
  }
  const Node& node = path_[depth_++];
  strayed_ |= !same_tasks(node.choices, choices);
  return std::min(node.chosen, choices.size() - 1);
}

}  // namespace ums::explore
