// SPDX-License-Identifier: Apache-2.0
//
// The robust mutexes that a task has when it ends (Linux: exit_robust_list). The C library keeps
// them in a list of the thread, of which it has told Linux; their lock words say who has them.
//
// LINUX: does so when the kernel thread ends. SIM: when the task does, since the first task's
// kernel thread stays, and since others wait for a mutex here and not in Linux.
// LIMIT: a mutex that the thread was about to take or to release is none of them. An emulator that
// keeps no such lists leaves the mutexes to whoever has them.
//
// Thread safety: the carrier; about the current task.
#pragma once

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// Whether it has any.
bool has_robust_mutexes(Task& me) noexcept;

// Says in each that its owner has ended, and lets those try again who wait for it: each is a step.
// Nothing is left in the list.
// Ordering: all that `me` has done happens before what the next owner does.
void leave_robust_mutexes(Task& me) noexcept;

}  // namespace ums::kernel
