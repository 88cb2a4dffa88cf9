// SPDX-License-Identifier: Apache-2.0
//
// A measurement in a process of its own (Linux: fork, waitpid).
//
// What makes thousands of threads, or a scheduler that never leaves its mode, runs in a forked
// child, so that it leaves nothing behind for the next measurement: no cached thread stacks, no
// grown heap, no registered scheduler. The sample comes back through a pipe.
//
// Thread safety: called by the main thread, while the process has no other (it forks).
#pragma once

#include <functional>

#include "bench/sample.h"

namespace ums::bench {

// Makes a function that runs `take` in a forked child and returns its sample, or a failed one where
// the child died, ended without a sample, or ran for longer than a minute and was killed.
std::function<Sample()> isolated(std::function<Sample()> take);

}  // namespace ums::bench
