// SPDX-License-Identifier: Apache-2.0
//
// Turns: a schedule as a list of where somebody goes on who would not by itself
// (ums_api/explore/schedule.h).
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/ums/explore/outcome.h"

namespace ums::command {

struct Turn {
  std::uint64_t at = 0;  // which choice it is, since the beginning
  int task = 0;
};

using Turns = std::vector<Turn>;

Turns parse_turns(const std::string& schedule);

std::string to_schedule(const Turns& turns);

// The schedule of an outcome with a trace, but without the turn at a step of it.
std::string without_turn(const Outcome& outcome, std::uint64_t step);

}  // namespace ums::command
