// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/critical_pair.h"

#include <algorithm>

#include "tools/ums/explore/turns.h"
#include "tools/ums/explore/verdict.h"

namespace ums::command {
namespace {

using Trace = std::vector<Step>;

// The last step of another task from `from` on, before `to`, that conflicts with `event`.
std::optional<std::uint64_t> conflicting_step(const Trace& trace, std::uint64_t from,
                                              std::uint64_t to, int task,
                                              const kernel::Event& event) {
  for (std::uint64_t i = to; i-- > from;) {
    if (trace[i].task != task && kernel::may_conflict(trace[i].event, event)) return i;
  }
  return {};
}

CriticalPair pair_of(const Outcome& outcome, std::uint64_t turn) {
  const Trace& trace = outcome.trace;
  const int task = trace[turn].displaced;
  for (std::uint64_t i = turn; i < trace.size(); ++i) {
    if (trace[i].task != task) continue;
    const auto first = conflicting_step(trace, turn, i, task, trace[i].event);
    if (first.has_value()) return {turn, task, first, trace[i].event, i};
  }
  for (const StuckTask& stuck : outcome.tasks) {
    if (stuck.number != task) continue;
    const auto first = conflicting_step(trace, turn, trace.size(), task, stuck.next);
    if (first.has_value()) return {turn, task, first, stuck.next, {}};
  }
  return {turn, task, {}, {}, {}};
}

// Who waits for a wake-up that has been lost does so because the wake-up came first.
void point_at_lost_wake_up(const Outcome& outcome, CriticalPair& pair) {
  const std::optional<LostWakeUp> lost = lost_wake_up(outcome);
  if (!lost.has_value() || lost->wake < pair.turn || lost->waiter->number != pair.displaced) return;
  pair.first = lost->wake;
  pair.later = lost->waiter->next;
  pair.later_step = lost->wait;
}

}  // namespace

std::vector<CriticalPair> critical_pairs(const Outcome& outcome) {
  std::vector<CriticalPair> pairs;
  std::size_t turns = turns_of_tasks(parse_turns(outcome.schedule));
  for (std::uint64_t i = 0; i < outcome.trace.size() && turns > 0; ++i) {
    if (!outcome.trace[i].is_turn()) continue;
    --turns;
    CriticalPair pair = pair_of(outcome, i);
    point_at_lost_wake_up(outcome, pair);
    const bool is_known = std::any_of(pairs.begin(), pairs.end(), [&](const CriticalPair& other) {
      return pair.first.has_value() && other.first == pair.first &&
             other.displaced == pair.displaced && other.later_step == pair.later_step;
    });
    if (!is_known) pairs.push_back(pair);
  }
  return pairs;
}

}  // namespace ums::command
