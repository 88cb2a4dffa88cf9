// SPDX-License-Identifier: Apache-2.0
//
// The threads of a simulation, for who runs it (threads.cpp).
//
// Thread safety: the simulation.
#pragma once

#include <pthread.h>

#include "sim_kernel/sched/task.h"
#include "sim_kernel/simulated/simulated_thread.h"

namespace ums::api {

// The task of a thread of the simulation; null: it has ended.
kernel::Task* task_of_handle(pthread_t handle) noexcept;

// Of the first task: lets the others go on until a thread has ended, or nobody can go on: false.
bool wait_for_thread(pthread_t handle) noexcept;

// Whether a thread of the simulation has ended, and waits to be joined. It may be kept for another,
// whom no signal and no cancellation of its shall reach.
bool has_ended(pthread_t handle) noexcept;

// A thread of the simulation that nobody has joined yet, or null.
kernel::SimulatedThread* find_thread(pthread_t handle) noexcept;

// A thread that has ended, and that nobody has joined or detached; null: there is none.
const kernel::SimulatedThread* find_unjoined_thread() noexcept;

}  // namespace ums::api
