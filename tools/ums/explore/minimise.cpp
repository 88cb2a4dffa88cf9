// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/minimise.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tools/ums/explore/turns.h"

namespace ums::command {
namespace {

bool is_simpler(const Outcome& a, const Outcome& b) {
  if (a.preemptions != b.preemptions) return a.preemptions < b.preemptions;
  const auto turns = [](const Outcome& outcome) { return parse_turns(outcome.schedule).size(); };
  if (turns(a) != turns(b)) return turns(a) < turns(b);
  return a.steps < b.steps;
}

class Minimiser {
 public:
  Minimiser(ProgramServer& server, const Outcome& failure, const Budget& budget)
      : server_(server), budget_(budget), result_{failure} {}

  Minimised run() {
    leave_out_turns();
    search_fewer_preemptions();
    return result_;
  }

 private:
  bool is_simpler_failure(const Outcome& outcome) const {
    return outcome.is_like(result_.outcome) && is_simpler(outcome, result_.outcome);
  }
  bool has_budget() const {
    return result_.executions < budget_.executions && std::chrono::steady_clock::now() < end_;
  }
  bool try_schedule(const std::string& schedule);
  bool leave_out(std::size_t count);
  void leave_out_turns();
  void search_fewer_preemptions();
  bool search(std::uint64_t preemptions);

  ProgramServer& server_;
  const Budget budget_;
  const std::chrono::steady_clock::time_point end_ =
      std::chrono::steady_clock::now() + budget_.time;
  Minimised result_;
};

bool Minimiser::try_schedule(const std::string& schedule) {
  ++result_.executions;
  const Outcome outcome = server_.replay(schedule);
  if (!is_simpler_failure(outcome)) return false;
  result_.outcome = outcome;
  return true;
}

// Whether it fails without some `count` turns that follow one another.
bool Minimiser::leave_out(std::size_t count) {
  const Turns turns = parse_turns(result_.outcome.schedule);
  const std::size_t all = turns_of_tasks(turns);
  for (std::size_t from = 0; from < all; from += count) {
    if (!has_budget()) return false;
    Turns fewer = turns;
    const auto first = fewer.begin() + static_cast<std::ptrdiff_t>(from);
    fewer.erase(first, first + static_cast<std::ptrdiff_t>(std::min(count, all - from)));
    if (try_schedule(to_schedule(fewer))) return true;
  }
  return false;
}

void Minimiser::leave_out_turns() {
  const auto turns_left = [&] { return turns_of_tasks(parse_turns(result_.outcome.schedule)); };
  for (std::size_t count = turns_left(); count > 0;) {
    const std::size_t turns = turns_left();
    if (!leave_out(std::min(count, turns))) count /= 2;
  }
}

// True: all schedules with so few preemptions have been seen, or one of them fails.
bool Minimiser::search(std::uint64_t preemptions) {
  server_.use_strategy({fmt::format("exhaustive:{}", preemptions), 0});
  while (has_budget()) {
    ++result_.executions;
    server_.ask_next();
    const std::optional<Outcome> outcome = server_.answer();
    if (!outcome.has_value()) return true;
    if (!is_simpler_failure(*outcome)) continue;
    result_.outcome = *outcome;
    return true;
  }
  return false;
}

// Not where everybody may go on in the end, and the program never ends by itself: a search may let
// one go on for ever, and what does not end for that is no simpler way to the same failure.
void Minimiser::search_fewer_preemptions() {
  if (ends_fairly(parse_turns(result_.outcome.schedule))) return;
  std::uint64_t fewer = 0;
  while (fewer < result_.outcome.preemptions && search(fewer)) ++fewer;
  result_.is_least = fewer >= result_.outcome.preemptions;
}

}  // namespace

Minimised minimise(ProgramServer& server, const Outcome& failure, const Budget& budget) {
  return Minimiser(server, failure, budget).run();
}

}  // namespace ums::command
