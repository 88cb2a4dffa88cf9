// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/turns.h"

#include <algorithm>
#include <sstream>

namespace ums::command {

Turns parse_turns(const std::string& schedule) {
  std::istringstream text(schedule);
  Turns turns;
  std::uint64_t steps = 0;
  for (char mark; text >> steps >> mark; text >> mark) {
    Turn turn;
    turn.at = (turns.empty() ? 0 : turns.back().at + 1) + steps;
    if (text.peek() == '~') {
      text >> mark >> turn.fair_seed.emplace();
    } else {
      text >> turn.task;
    }
    turns.push_back(turn);
  }
  return turns;
}

std::size_t turns_of_tasks(const Turns& turns) {
  const bool is_fair = !turns.empty() && turns.back().fair_seed.has_value();
  return turns.size() - (is_fair ? 1 : 0);
}

std::string to_schedule(const Turns& turns) {
  std::string text;
  std::uint64_t next = 0;
  for (const Turn& turn : turns) {
    text += (text.empty() ? "" : ",") + std::to_string(turn.at - next) + ".";
    text += turn.fair_seed.has_value() ? "~" + std::to_string(*turn.fair_seed)
                                       : std::to_string(turn.task);
    next = turn.at + 1;
  }
  return text;
}

std::string without_turn(const Outcome& outcome, std::uint64_t step) {
  const auto first = outcome.trace.begin();
  const auto before = std::count_if(first, first + static_cast<std::ptrdiff_t>(step),
                                    [](const Step& each) { return each.is_turn(); });
  Turns turns = parse_turns(outcome.schedule);
  turns.erase(turns.begin() + before);
  return to_schedule(turns);
}

}  // namespace ums::command
