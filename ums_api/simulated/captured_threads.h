// SPDX-License-Identifier: Apache-2.0
//
// Captured threads: how the C library's thread that a simulation's runs on is made, and found again
// when it has ended.
//
// Where the same is run again and again, threads whose function has returned are kept, parked as
// they are, and given to the next that are created: with their thread_local objects and
// thread-specific data destroyed, and their thread-local variables as they were at the beginning.
// A thread is not kept where it would not be as a new one: where it ended in another way than by
// return, was created with attributes or named, is detached, has robust mutexes, or is a worker or
// scheduler.
//
// Thread safety: the simulation.
#pragma once

#include <pthread.h>

#include "sim_kernel/simulated/simulated_thread.h"

namespace ums::api {

// Whether threads are kept from now on.
void keep_threads(bool keep) noexcept;

// Makes the thread, or takes one that is kept, and gives it its task. Errors: as pthread_create.
int create_captured(const pthread_attr_t* attributes, kernel::SimulatedThread& thread) noexcept;

// Takes leave of a thread that has ended, as pthread_join does.
int join_captured(kernel::SimulatedThread& thread, void** value);

}  // namespace ums::api
