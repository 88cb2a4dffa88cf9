// SPDX-License-Identifier: Apache-2.0
//
// StandIn: what a program's descriptor of an entry of /proc/ums really names. Linux keeps it: dup,
// fork, exec and descriptor passing need no book-keeping. Which entry it stands for is asked of
// Linux at each call, by its inode.
//
//     a folder      a folder that is empty and has lost its name: reading, seeking, mapping and
//                   polling it answer as a folder of /proc does, and calls that are not caught find
//                   nothing in it. Listing it is caught (path_call.h).
//     a file        a memfd with the text that the file had when it was opened. It cannot be
//                   written: EPERM (LINUX: EIO). It can be sought (LINUX: ESPIPE, seq_file).
//     a place       (O_PATH) one of the two, without text, since seccomp hands out no O_PATH
//                   descriptors. The device has one as well.
//
// The inode is watched by inotify(7), which tells when Linux frees it: the last close. So an open
// entry costs the kernel process no descriptor. LIMIT: of more than 8192 that are closed at once,
// some stay here.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <fcntl.h>

#include <boost/intrusive/set_hook.hpp>
#include <optional>

#include "procfs_emul/proc_file.h"
#include "sim_kernel/base/result.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/server/paths/host_fd.h"

namespace ums::kernel {

struct StandIn {
  StandIn(const ProcPath& entry, bool is_device, int how) noexcept
      : path(entry), of_device(is_device), flags(how) {}

  bool is_place() const noexcept { return (flags & O_PATH) != 0; }

  const ProcPath path;
  const bool of_device;         // stands for /dev/ums, and `path` means nothing
  const int flags;              // of open(2)
  ProcFile* listing = nullptr;  // of a folder that is no place
  std::optional<ProcDirent> listed_last;
  Inode inode;
  int watch = -1;  // of inotify
  boost::intrusive::set_member_hook<> by_inode_hook;
  boost::intrusive::set_member_hook<> by_watch_hook;
};

// Opens an entry for the thread that waits in an open call, by open(2)'s flags; it gets the
// descriptor. `path` has been followed already. Errors: proc_open's; ENFILE (the kernel process has
// no free descriptor, or no watch); ENOMEM; those of the thread's descriptors (EMFILE).
Result<void> open_stand_in(const ProcPath& path, Waiting waiting, int flags) noexcept;

// The same for /dev/ums and O_PATH.
Result<void> open_device_place(Waiting waiting, int flags) noexcept;

// Whose inode it is, or null. Those whose last close Linux has told of are none any more: it may
// have given their inode to another file.
StandIn* stand_in_of_inode(const Inode& inode) noexcept;

bool any_stand_in() noexcept;

}  // namespace ums::kernel
