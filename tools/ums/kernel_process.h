// SPDX-License-Identifier: Apache-2.0
//
// kernel_process: the kernel process K of front.h, from its fork to its end: it forks the watch
// process, which starts the program, leaves the program's process group, and serves.
//
// Thread safety: one thread.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "tools/ums/program_watch.h"

namespace ums::command {

class KernelBody;

// Runs in the forked child. The program gets `program_mask` as its signal mask. Returns K's exit
// status.
int kernel_process(const std::vector<std::string>& command, KernelBody& body, FrontEnd front,
                   const sigset_t& program_mask);

}  // namespace ums::command
