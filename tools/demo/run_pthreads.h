// SPDX-License-Identifier: Apache-2.0
//
// A Job done by plain pthreads: as many as there were workers, all known to Linux, whose scheduler
// they tell by sched_yield where a worker yields.
//
// Thread safety: one thread calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tools/demo/job.h"

namespace ums::demo {

struct PthreadsRun {
  double seconds = 0;
  std::uint64_t switches = 0;  // of this process, as Linux counts them
};

// Throws std::system_error where threads cannot be made.
PthreadsRun run_pthreads(Job& job, std::size_t threads);

}  // namespace ums::demo
