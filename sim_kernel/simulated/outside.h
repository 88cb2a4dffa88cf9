// SPDX-License-Identifier: Apache-2.0
//
// Waiting for what comes from outside of the simulation: for a descriptor, another process, a
// signal (Linux: poll).
//
//     OutsideWait wait{is_readable, &call, &pollfd, 1};
//     while (!is_readable(&call)) outside_wait(me, wait);
//
// At each scheduling point the carrier looks, without blocking, whether those who wait may go on.
// Where nobody else can, and no moment is waited for, it blocks in one poll(2) for all of them.
//
// What tasks do to each other by a pipe is so a function of the schedule, like all else. The
// outside takes real time and no virtual one: to it, a limit passes at once. But where moment after
// moment passes and nothing has come, as of a thread that beats until a child has ended, each takes
// a real millisecond in the end.
//
// Thread safety: the carrier.
#pragma once

#include <poll.h>

#include "sim_kernel/sched/task.h"
#include "sim_kernel/simulated/virtual_time.h"

namespace ums::kernel {

struct OutsideWait {
  // Whether who waits may go on. It does not block. Context: a KernelSection, any task's stack.
  bool (*look)(void* argument) noexcept = nullptr;
  void* argument = nullptr;
  // When it is worth to look again. None: after a while.
  const pollfd* descriptors = nullptr;
  nfds_t count = 0;
};

// Others go on until a look succeeds, or until `deadline`, which has passed then: false. As
// futex_wait it may be interrupted.
bool outside_wait(Task& me, const OutsideWait& wait, std::uint64_t deadline = kNever) noexcept;

// `task` waits no more.
void outside_give_up(Task& task) noexcept;

bool anybody_waits_outside() noexcept;

// Looks for all who wait; who may go on is runnable.
void outside_look() noexcept;

// Blocks until somebody is runnable. False: nobody waits for the outside.
// Signals that come meanwhile are the simulation's (signals.h).
bool outside_sleep() noexcept;

// Virtual time is about to jump, while somebody may wait for the outside.
void outside_before_jump() noexcept;

// Nobody waits any more, and nobody goes on.
void outside_forget_all() noexcept;

// In a forked child, which has none of the tasks.
void outside_reset_after_fork() noexcept;

}  // namespace ums::kernel
