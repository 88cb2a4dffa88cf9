// SPDX-License-Identifier: Apache-2.0
//
// run_parallel: `ums run --machine parallel`: the program runs in the place of this process, with
// the UMS kernel in a library that the dynamic linker loads into it first.
//
// Thread safety: one thread.
#pragma once

#include "tools/ums/run_options.h"

namespace ums::command {

// Becomes the program. Returns only if it cannot: the exit status (125, 126 or 127), after it has
// said why.
int run_parallel(const RunOptions& options);

}  // namespace ums::command
