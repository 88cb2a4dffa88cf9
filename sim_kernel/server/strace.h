// SPDX-License-Identifier: Apache-2.0
//
// The kernel process's record of UMS calls (`ums run --strace`); strace_text.h shows one.
//
// `= ?` is a result that nobody has taken: a signal came first, or the thread is gone.
//
// 1. A line is one write(2), and is written before any that tells of a later call.
// 2. Off, a call costs two loads and branches that are not taken.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include "sim_kernel/base/result.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

extern bool strace_on __attribute__((visibility("hidden")));

// Starts the record, appended to file `path`, or, where that is null, to standard error. Returns 0
// or the errno of open(2).
int strace_start(const char* path) noexcept;

// A call has come. It is about to be performed, refused, or continued.
void strace_call(const Task& task, const Request& request) noexcept;

// The call that has come last is not answered yet.
void strace_suspended(const Task& task) noexcept;

// A call was answered. `accepted`: its thread has taken the answer.
void strace_answer(const Task& task, const Request& request, int error, bool accepted) noexcept;

// The device was opened, or was not.
void strace_opened(const Task& task, int flags, Result<int> opened) noexcept;

}  // namespace ums::kernel
