// SPDX-License-Identifier: Apache-2.0
//
// Answers that Linux has accepted and lost. A signal may end a thread's wait for an answer; if the
// answer is sent before the thread has noted that, it is accepted, and the thread still returns to
// its program with EINTR, or makes the call again (Linux: seccomp_do_user_notification, between
// wait_for_completion_interruptible and mutex_lock).
//
// The handler that runs then returns by rt_sigreturn(2), which the filter catches too. The frame
// that it returns to says where the signal came: in a system call that failed with EINTR or shall
// be restarted. If that is the call which was answered last, the answer was lost.
//
// Or the thread has got its answer, has made the same call again, and the signal came before the
// kernel has received that: then a number is missing in the notifications received since the answer
// (Listener::given_up).
//
// LIMIT: a stop (SIGSTOP) that ends a wait runs no handler. In that very microsecond an answer may
// be lost unnoticed; the call is then made twice. So it is if in the microseconds between a lost
// answer and the handler's return a signal has taken back another thread's notification.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include "sim_kernel/server/machine_task.h"
#include "sim_kernel/server/signal_frame.h"

namespace ums::kernel {

// Whether the signal came in place of the answer to `request`.
bool signal_came_instead(const SignalFrame& frame, const Request& request) noexcept;

}  // namespace ums::kernel
