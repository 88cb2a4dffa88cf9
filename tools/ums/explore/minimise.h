// SPDX-License-Identifier: Apache-2.0
//
// minimise: from a schedule that fails to one that fails in the same way and does otherwise than
// running on as seldom as possible.
//
// First its turns are left out, many at once and then fewer (Zeller, Hildebrandt: Simplifying and
// isolating failure-inducing input, TSE 2002); then all schedules with fewer preemptions are
// searched, while the budget lasts. If it has lasted, there are none that fail.
//
// Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "tools/ums/explore/outcome.h"
#include "tools/ums/explore/program_server.h"

namespace ums::command {

struct Minimised {
  Outcome outcome;
  std::uint64_t executions = 0;  // that it took
  bool is_least = false;         // no schedule with fewer preemptions fails
};

struct Budget {
  std::uint64_t executions;
  std::chrono::seconds time;
};

Minimised minimise(ProgramServer& server, const Outcome& failure, const Budget& budget);

}  // namespace ums::command
