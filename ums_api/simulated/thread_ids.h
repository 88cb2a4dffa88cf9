// SPDX-License-Identifier: Apache-2.0
//
// The ids of a simulation's threads (simulation.h) in calls of Linux, which knows none of them.
//
// Thread safety: any thread.
#pragma once

#include <sys/types.h>

namespace ums::api {

// The id by which Linux knows the thread that calls itself `tid` here; else `tid`.
pid_t kernel_thread_of(pid_t tid) noexcept;

// Answers syscall(2) for a task of the simulation, as answer_system_call does (preload_hooks.h): a
// call that is about a thread.
bool answer_about_thread(long number, const long (&arguments)[6], long& result) noexcept;

}  // namespace ums::api
