// SPDX-License-Identifier: Apache-2.0
//
// Waiting for an address (Linux: kernel/futex). Whatever blocks in the simulated machine, but for
// the kernel's wait queues, waits here: for a mutex, a thread's end, a futex of the program, a
// moment.
//
//     while (!free) futex_wait(me, &mutex);
//     ...
//     futex_wake(&mutex, 1);
//
// There is no word to compare: nobody else runs between the look and the wait.
//
// Thread safety: the carrier.
#pragma once

#include <climits>

#include "sim_kernel/sched/task.h"
#include "sim_kernel/simulated/virtual_time.h"

namespace ums::kernel {

inline constexpr int kEverybody = INT_MAX;

// Others go on, until somebody wakes `address`, or until `deadline`, which has passed then: false.
// `me` may also be interrupted (interrupt.h), which is as if it was woken: who waits looks again.
bool futex_wait(Task& me, const void* address, std::uint64_t deadline = kNever) noexcept;

// The same for a task that does not run and is not runnable: it goes on where it stopped.
void futex_enqueue(Task& task, const void* address) noexcept;

// Lets the `count` tasks go on that have waited longest. Returns how many there were.
int futex_wake(const void* address, int count) noexcept;

// Lets all go on that wait for `object`, which one of them can have: waking that one is what it
// costs.
void futex_release(const void* object) noexcept;

// `task` waits for no address any more, though nobody has woken it.
void futex_give_up(Task& task) noexcept;

// Nobody waits any more, and nobody goes on.
void futex_forget_all() noexcept;

// In a forked child, which has none of the tasks.
void futex_reset_after_fork() noexcept;

}  // namespace ums::kernel
