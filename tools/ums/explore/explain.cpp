// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/ums/explore/critical_pair.h"
#include "tools/ums/explore/minimise.h"
#include "tools/ums/explore/report.h"
#include "tools/ums/explore/turns.h"

namespace ums::command {
namespace {

constexpr Budget kBudget{3000, std::chrono::seconds(5)};  // to find a simpler one
constexpr std::size_t kStepsShown = 40;

std::string text_of(const Outcome& failure, const Minimised& least) {
  const bool was_simple = failure.preemptions == 0 && least.outcome.steps == failure.steps;
  if (failure.schedule.empty() || was_simple) return "";
  const std::uint64_t preemptions = least.outcome.preemptions;
  std::string text = fmt::format(
      "Simplified: {} {} instead of {}, {} steps instead of {} ({} {} tried)\n", preemptions,
      preemptions == 1 ? "preemption" : "preemptions", failure.preemptions, least.outcome.steps,
      failure.steps, least.executions, least.executions == 1 ? "schedule" : "schedules");
  if (preemptions > 0 && least.is_least) text += "No schedule with fewer preemptions fails.\n";
  return text;
}

bool is_deadlock(const Outcome& outcome) {
  return outcome.finding == "deadlock" || outcome.finding == "circle";
}

// The pair with the stacks of its steps, and what happens without its turn. Empty if that is the
// same: then it does not matter.
std::string text_of_pair(ProgramServer& server, Report& report, const Outcome& traced,
                         const CriticalPair& pair) {
  const Outcome otherwise = server.replay(without_turn(traced, pair.turn));
  if (otherwise.is_like(traced) || (is_deadlock(otherwise) && is_deadlock(traced))) return "";
  const std::uint64_t first = pair.first.value_or(pair.turn);
  const Outcome with_stacks =
      server.replay_traced(traced.schedule, StackSteps{first, pair.later_step.value_or(first)});
  return report.pair(with_stacks, pair, otherwise);
}

std::string text_of_pairs(ProgramServer& server, Report& report, const Outcome& traced) {
  // Of one that hangs each takes as long as it may make no step.
  const std::size_t most = traced.end == Outcome::End::kHung ? 1 : 5;
  const std::vector<CriticalPair> pairs = critical_pairs(traced);
  std::string text;
  for (std::size_t i = 0; i < std::min(pairs.size(), most); ++i) {
    text += text_of_pair(server, report, traced, pairs[i]);
  }
  return text;
}

}  // namespace

Explanation explain(ProgramServer& server, const Outcome& failure, Symbols& symbols) {
  Report report(symbols);
  Explanation explanation;
  explanation.schedule = failure.schedule;
  explanation.comes_again = server.replay(failure.schedule).is_like(failure);
  const Minimised least =
      explanation.comes_again ? minimise(server, failure, kBudget) : Minimised{failure};
  const Outcome traced = server.replay_traced(least.outcome.schedule);
  explanation.comes_again &= traced.is_like(failure);
  if (!explanation.comes_again) {
    explanation.text = report.failure(failure);
    return explanation;
  }
  explanation.schedule = traced.schedule;
  explanation.outcome = traced;
  explanation.text = report.failure(traced) + "\n" + text_of(failure, least);
  const std::string matters = text_of_pairs(server, report, traced);
  if (!matters.empty()) explanation.text += "\nWhat matters:\n" + matters;
  if (!traced.trace.empty() && traced.trace.size() <= kStepsShown) {
    explanation.text += "\nAll steps:\n" + report.steps(traced);
  }
  return explanation;
}

}  // namespace ums::command
