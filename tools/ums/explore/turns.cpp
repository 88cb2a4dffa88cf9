// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/turns.h"

#include <algorithm>
#include <sstream>

namespace ums::command {

Turns parse_turns(const std::string& schedule) {
  std::istringstream text(schedule);
  Turns turns;
  Turn turn;
  std::uint64_t steps = 0;
  for (char mark; text >> steps >> mark >> turn.task; text >> mark) {
    turn.at = (turns.empty() ? 0 : turns.back().at + 1) + steps;
    turns.push_back(turn);
  }
  return turns;
}

std::string to_schedule(const Turns& turns) {
  std::string text;
  std::uint64_t next = 0;
  for (const Turn& turn : turns) {
    text += (text.empty() ? "" : ",") + std::to_string(turn.at - next) + "." +
            std::to_string(turn.task);
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
