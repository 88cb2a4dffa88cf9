// SPDX-License-Identifier: Apache-2.0
//
// run_preloaded: `ums run --machine parallel` and `--machine simulated`: the program has the UMS
// kernel in a library that the dynamic linker loads into it first. A process beside it answers for
// paths below /proc/ums (path_server.h), and this one looks as if it were the program (front.h).
//
// Thread safety: one thread.
#pragma once

#include "tools/ums/run_options.h"

namespace ums::command {

// Returns the program's exit status; or 125, 126 or 127 if it cannot be run, after it has said why.
// Ends by the signal that ended the program.
int run_preloaded(const RunOptions& options);

}  // namespace ums::command
