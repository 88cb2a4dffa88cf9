// SPDX-License-Identifier: Apache-2.0
//
// The signal of pthread_cancel (glibc's SIGCANCEL, number 32), on kernel threads that run other
// tasks than their own.
//
// glibc's handler cancels the thread that it finds itself in, by the thread pointer. On a carrier
// that is whoever runs there: a scheduler that is cancelled during EXEC would take its worker
// along, and a worker's cancellation that is passed on to its carrier hits who runs there after its
// YIELD. So the kernel's handler comes first, and calls glibc's only in the task that was aimed at,
// outside of the kernel; otherwise the signal is kept for that task, like others
// (parked_signals.h).
//
// The signal names its task: one that is passed on carries it; any other is for the thread whose
// kernel thread it is.
//
// Thread safety: any thread.
#pragma once

#include <csignal>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// Puts the kernel's handler before the one that is installed, once there is one (pthread_cancel
// installs glibc's). Any number of times. Context: any but a park stack.
void cancel_signal_wrap() noexcept;

// Whether that has happened: only then may a signal be passed on that names its task.
bool cancel_signal_wrapped() noexcept;

// Makes `info` the signal that cancels `task`.
void cancel_signal_for(siginfo_t& info, Task& task) noexcept;

// The task that `info` names; null if it names none (any more).
Task* cancel_signal_task(const siginfo_t& info) noexcept;

}  // namespace ums::kernel
