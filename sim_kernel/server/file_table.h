// SPDX-License-Identifier: Apache-2.0
//
// The open Files of the kernel process, and how programs name them.
//
// A program's descriptor is the read end of a FIFO of its own, opened by path and sent to it. Which
// File it stands for is asked of Linux at each call, by the FIFO's inode in /proc/TID/fd: so dup,
// fork, exec and descriptor passing need no book-keeping. (Where the answer was the same file the
// last time, that is asked first, which is quicker: open_description.h.) When the last descriptor
// is closed, the write end that is kept here hangs up: that is the File's last close.
//
// A read end of a FIFO answers as the device does, but for read (EAGAIN, the device: EINVAL) and
// poll (nothing, the device: readable and writable).
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include "sim_kernel/base/result.h"
#include "sim_kernel/dev/file.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/server/paths/host_fd.h"

namespace ums::kernel {

// Opens the device for the thread of `opener`, which waits for the answer and gets the descriptor.
// Errors: the driver's, ENOMEM, ENFILE, those of the thread's descriptors (EMFILE).
Result<void> file_open(Task& opener, Waiting waiting, int flags) noexcept;

// The File that descriptor `fd` of thread `tid` stands for, or null.
File* file_of_descriptor(pid_t tid, int fd) noexcept;

// The same, for a descriptor whose inode is known.
File* file_of_inode(const Inode& inode) noexcept;

bool any_file() noexcept;

// The status flags that the program sees (fcntl(2), F_GETFL): those of the open, then of F_SETFL.
// LINUX: asks a driver about O_DIRECT and FASYNC, and this one would refuse.
inline constexpr int kSettableFlags = O_APPEND | O_NONBLOCK | O_NOATIME;
int& file_status_flags(File& file) noexcept;

// A call is inside the File, and keeps it; or is no more, and may be the last to release it.
void file_get(File& file) noexcept;
void file_put(File& file) noexcept;

}  // namespace ums::kernel
