// SPDX-License-Identifier: Apache-2.0
//
// Calls about files, and ioctls of other devices, that fail with EINTR because the filter sends
// them here: a signal whose handler lacks SA_RESTART has come while they waited for the kernel
// process. On Linux alone they would not have waited. So when the handler returns, the frame that
// it returns to (signal_frame.h) is changed: the call is made again.
//
//     note_call(listener, notification);   // a call was answered, or passed on
//     repeat_if_interrupted(frame);        // a handler returns
//
// An open of a FIFO, say, waits by itself once it was passed on, and so do some ioctls: their EINTR
// is the program's, and stays.
//
// LIMIT: a call that was not received, or whose answer was lost, is known by the instructions
// before it, those of glibc's functions; not those of syscall(2), and not on aarch64, where the
// result has taken the place of the first argument. An ioctl or such an open that was passed on
// when the signal had come already keeps its EINTR. Where Linux itself would interrupt a stat, on a
// file system that does not answer, the stat goes on.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <linux/seccomp.h>

#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/signal_frame.h"

namespace ums::kernel {

// Notes how a call was answered, for the next return of a handler of its thread.
void note_call(const Listener& listener, const seccomp_notif& notification) noexcept;

// Lets the call be made again in which the signal came, if it is one of these.
void repeat_if_interrupted(const SignalFrame& frame) noexcept;

}  // namespace ums::kernel
