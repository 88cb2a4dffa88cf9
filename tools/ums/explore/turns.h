// SPDX-License-Identifier: Apache-2.0
//
// Turns: a schedule as a list of where somebody goes on who would not by itself, the last of which
// may be that everybody is equally likely to from there on (ums_api/explore/schedule.h).
//
// Thread safety: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/ums/explore/outcome.h"

namespace ums::command {

struct Turn {
  std::uint64_t at = 0;  // which choice it is, since the beginning
  int task = 0;
  std::optional<std::uint64_t> fair_seed;  // of the last, if it is everybody's
};

using Turns = std::vector<Turn>;

Turns parse_turns(const std::string& schedule);

// How many of them are one task's.
std::size_t turns_of_tasks(const Turns& turns);

// Whether everybody is equally likely to go on in the end.
inline bool ends_fairly(const Turns& turns) { return turns_of_tasks(turns) < turns.size(); }

std::string to_schedule(const Turns& turns);

// The schedule of an outcome with a trace, but without the turn at a step of it.
std::string without_turn(const Outcome& outcome, std::uint64_t step);

}  // namespace ums::command
