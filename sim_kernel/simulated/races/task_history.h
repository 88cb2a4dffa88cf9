// SPDX-License-Identifier: Apache-2.0
//
// TaskHistory: what is kept of a task of an instrumented program, from its first step to its last.
//
// Thread safety: the carrier.
#pragma once

#include "sim_kernel/simulated/busy_loop.h"
#include "sim_kernel/simulated/races/call_tree.h"
#include "sim_kernel/simulated/races/shadow_memory.h"
#include "sim_kernel/simulated/races/vector_clock.h"

namespace ums::kernel {

struct TaskHistory {
  VectorClock clock;            // of what has happened before what it does next
  VectorClock released;         // at its last release fence
  VectorClock seen;             // what it has loaded, for its next acquire fence
  CallNode caller = kCallRoot;  // of what it does next
  BusyLoop loop;
};

}  // namespace ums::kernel
