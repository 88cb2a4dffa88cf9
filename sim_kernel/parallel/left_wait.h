// SPDX-License-Identifier: Apache-2.0
//
// Waits that a signal handler has left.
//
// A handler runs on top of the call that it interrupts, and may leave it for good: by siglongjmp,
// or because it ends the thread (pthread_exit, cancellation). Nobody is told. The task counts as
// asleep until it makes its next call, which finds that out by the stack (has_left_wait), or ends.
// A wake-up that comes meanwhile is passed on only then.
//
// Thread safety: about the calling thread.
#pragma once

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// Whether `me`, the caller, sleeps in a call that a signal handler has left. The
// caller's stack tells: it is that of the call, or that call's frame is overwritten.
bool has_left_wait(const Task& me) noexcept;

// Ends the wait of a task that sleeps in a call which is gone. It is inside the file still.
void end_left_wait(Task& me) noexcept;

}  // namespace ums::kernel
