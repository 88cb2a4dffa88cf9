// SPDX-License-Identifier: Apache-2.0
//
// The words of a record of UMS calls with their arguments and results, as strace(1) writes it:
//
//     [17] openat("/dev/ums", O_RDONLY) = 3
//     [17] IOCTL_CREATE_UMS_CLIST([1]) = 0
//     [18] IOCTL_ENTER_UMS({flags=ENTER_UMS_WORK, ums_complist=1} <suspended ...>
//     [17] IOCTL_DEQUEUE_UMS_CLIST({ums_complist=1} => {ums_context=18}) = 0
//     [17] IOCTL_EXEC_UMS_CTX(18 <suspended ...>
//     [18] <... IOCTL_ENTER_UMS resumed>) = 0
//     [18] IOCTL_UMS_YIELD(0x2a <suspended ...>
//
// The number is the thread's. Names are those of ums/ums_ioctl.h; what a structure held before
// the call stands before =>, what the kernel has stored stands after it.
//
// Each machine has a strace.h that keeps the record, in lines made here: strace_begin; for a call
// that is suspended strace_suspend, which ends the line, and later strace_resume in the place of
// strace_begin; strace_end.
//
// Thread safety: any thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim_kernel/base/result.h"
#include "sim_kernel/base/text_line.h"

namespace ums::kernel {

struct StraceLine : TextLine<512> {};

// A structure of the program as it lies in its memory; empty if that could not be read.
using ObjectBytes = std::span<const unsigned char>;
inline constexpr std::size_t kCallObjectBytesMax = 24;

// How many bytes a request reads, or stores, where its argument points to; 0: none.
std::size_t strace_bytes_read(std::uint32_t request) noexcept;
std::size_t strace_bytes_stored(std::uint32_t request) noexcept;

// `given`: the strace_bytes_read bytes.
void strace_begin(StraceLine& line, pid_t tid, std::uint32_t request, unsigned long argument,
                  ObjectBytes given) noexcept;
void strace_suspend(StraceLine& line) noexcept;
void strace_resume(StraceLine& line, pid_t tid, std::uint32_t request) noexcept;

// `stored`: the strace_bytes_stored bytes of a call that succeeds. `taken`: somebody has got the
// result; else it is shown as `?`.
void strace_end(StraceLine& line, std::uint32_t request, unsigned long argument, ObjectBytes stored,
                int error, bool taken = true) noexcept;

// The whole line of a call that opens the device.
void strace_open(StraceLine& line, pid_t tid, int flags, Result<int> opened) noexcept;

}  // namespace ums::kernel
