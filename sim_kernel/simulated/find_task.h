// SPDX-License-Identifier: Apache-2.0
//
// The tasks of the simulation, by what is known of them.
//
// Thread safety: the carrier.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// Calls visit(task, argument) for each, in no particular order.
void for_each_simulated(void (*visit)(Task& task, void* argument), void* argument) noexcept;

// The one with this number, or null.
Task* simulated_task(int number) noexcept;

// The one that is this thread, or null.
Task* simulated_task_of(pthread_t handle) noexcept;
Task* simulated_task_of(pid_t tid) noexcept;

// The one that the C library means by the owner of a lock, or null: it has the id of the kernel
// thread.
Task* simulated_task_of_owner(pid_t kernel_thread) noexcept;

}  // namespace ums::kernel
