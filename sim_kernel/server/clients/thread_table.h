// SPDX-License-Identifier: Apache-2.0
//
// The threads and processes of the programs, as far as they have opened the device or called it.
//
// A thread that ends says so by exit(2), which the filter catches. One that is killed dies with its
// process, which a pidfd tells.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <sys/types.h>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// The Task of thread `tid`, or null.
Task* find_thread(pid_t tid) noexcept;

// The same, made if need be. Null if memory or descriptors have run out, or the thread is gone.
Task* find_or_make_thread(pid_t tid) noexcept;

// Frees the Task of a thread that is gone.
void forget_thread(Task& task) noexcept;

}  // namespace ums::kernel
