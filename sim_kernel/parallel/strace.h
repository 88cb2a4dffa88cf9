// SPDX-License-Identifier: Apache-2.0
//
// The embedded kernel's record of UMS calls (`ums run --machine parallel --strace`);
// strace_text.h shows one.
//
// With UMS_STRACE=FILE in the environment it is appended to FILE, with UMS_STRACE=1 it goes to
// standard error. The device then is opened with other FileOperations, and the library leaves its
// way around them: off, no call costs anything.
//
// 1. A line is one write(2). A call's first line is written before any that tells of what the call
//    brought about; but EXIT's is written when the thread is on its own again.
// 2. Calls that reach no open file are not in the record: EBADF, and EBUSY of a signal handler.
//
// Thread safety: any thread, never on a park stack.
#pragma once

#include "sim_kernel/dev/file.h"

namespace ums::kernel {

extern bool strace_on __attribute__((visibility("hidden")));  // constant once the kernel runs

// Opens what UMS_STRACE names. Called by start_kernel, when the device is registered.
void strace_init() noexcept;

// With what a device that `driver` answers is opened.
const FileOperations& strace_operations(const FileOperations& driver) noexcept;

// The device was opened, or was not.
void strace_opened(const Task& task, int flags, Result<int> opened) noexcept;

}  // namespace ums::kernel
