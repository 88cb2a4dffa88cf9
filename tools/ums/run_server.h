// SPDX-License-Identifier: Apache-2.0
//
// ums run --machine server: the program runs as it is, and a kernel process answers its calls.
//
// Thread safety: one thread, and the process must have no other.
#pragma once

#include "tools/ums/run_options.h"

namespace ums::command {

// Returns the exit status, or ends this process by the signal that ended the program.
int run_server(const RunOptions& options);

}  // namespace ums::command
