// SPDX-License-Identifier: Apache-2.0
//
// is_stopped: whether a process that is not our child is stopped by SIGSTOP, or will be as soon as
// it gets a processor.
//
// Thread safety: any thread.
#pragma once

#include <sys/types.h>

namespace ums::command {

// False too if there is no such process.
bool is_stopped(pid_t pid);

}  // namespace ums::command
