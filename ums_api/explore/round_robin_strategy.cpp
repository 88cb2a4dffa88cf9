// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/round_robin_strategy.h"

#include <algorithm>
#include <utility>

#include "ums_api/explore/schedule.h"

namespace ums::explore {

namespace {

using kernel::EventKind;

template <typename Predicate>
std::size_t find(std::span<const Choice> choices, Predicate predicate) {
  return static_cast<std::size_t>(std::find_if(choices.begin(), choices.end(), predicate) -
                                  choices.begin());
}

}  // namespace

bool RoundRobinStrategy::new_execution() {
  const bool interrupted = std::exchange(was_interrupted_, false);
  if (quantum_ > 0 && !interrupted) return false;
  left_ = ++quantum_;
  return true;
}

std::size_t RoundRobinStrategy::next_task(std::span<const Choice> choices, int current) {
  for (const EventKind kind : {EventKind::kCreate, EventKind::kBegin}) {
    const std::size_t first =
        find(choices, [kind](const Choice& choice) { return choice.next.kind == kind; });
    if (first < choices.size()) return first;
  }
  const std::size_t same = default_choice(choices, current);
  const bool may_go_on = choices[same].task == current;
  if (may_go_on && left_ > 0) {
    --left_;
    return same;
  }
  was_interrupted_ |= may_go_on && choices.size() > 1;
  left_ = quantum_ - 1;
  const std::size_t next =
      find(choices, [current](const Choice& choice) { return choice.task > current; });
  return next < choices.size() ? next : 0;
}

}  // namespace ums::explore
