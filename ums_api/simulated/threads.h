// SPDX-License-Identifier: Apache-2.0
//
// The threads of a simulation, for who runs it (threads.cpp).
//
// Thread safety: the simulation's first task.
#pragma once

#include <pthread.h>

#include "sim_kernel/sched/task.h"

namespace ums::api {

// The task of a thread of the simulation; null: it has ended.
kernel::Task* task_of_handle(pthread_t handle) noexcept;

// Lets the others go on until a thread has ended, or nobody can go on: false.
bool wait_for_thread(pthread_t handle) noexcept;

}  // namespace ums::api
