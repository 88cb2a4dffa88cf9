// SPDX-License-Identifier: Apache-2.0
//
// verdict: what is wrong with an execution, in a line: a crash, an exit status, a deadlock, a lost
// wake-up, a livelock, a task that hangs, a leak, a report of the kernel.
//
// Thread safety: any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tools/ums/explore/outcome.h"

namespace ums::command {

// `deadlock: ...`. An outcome with a trace lets it say more.
std::string verdict_of(const Outcome& outcome);

// Tasks each of which waits for the next one, and the last for the first; empty: there are none.
std::vector<int> waiting_circle(const Outcome& outcome);

// A task that waits to be woken, though somebody has tried to when it had not begun to wait, and
// has woken nobody.
struct LostWakeUp {
  const StuckTask* waiter;
  std::uint64_t wake;  // steps
  std::uint64_t wait;
};

// Needs a trace.
std::optional<LostWakeUp> lost_wake_up(const Outcome& outcome);

// Where the steps are that come again and again, in whatever order, at the end of the trace, each
// once; empty: none do.
std::vector<std::size_t> repeated_steps(const std::vector<Step>& trace);

}  // namespace ums::command
