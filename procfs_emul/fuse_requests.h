// SPDX-License-Identifier: Apache-2.0
//
// How requests of FUSE are answered from the tree of /proc: libfuse's table of functions (Linux:
// struct inode_operations and file_operations of fs/proc).
//
//     fuse_session_new(&arguments, &fuse_requests(), sizeof(fuse_lowlevel_ops), &entries);
//
// The low-level interface, not the one by paths: a request of Linux names an entry, which is a
// ProcPath here, and is answered by one call of proc_path.h or proc_file.h. The other interface
// would make paths of entries, to be resolved again, in which an entry that was removed has no
// name; it gives no say over the numbers of entries, and readdir none over places.
//
// Invariants:
// 1. Nothing is cached by Linux: entries and attributes are good for no time at all, and files are
//    read by `direct_io`, as their size is 0.
// 2. Every request is answered before its function returns. None waits.
// 3. Modes keep nobody out, as elsewhere in this /proc (proc_chmod): Linux lets only the user who
//    mounted into the mount.
//
// Thread safety: that of the FuseEntries which are the session's user data.
#pragma once

struct fuse_lowlevel_ops;

namespace ums::kernel {

// Requests for what /proc does not have are answered by libfuse, and by Linux: extended attributes
// (EOPNOTSUPP), poll (always ready, as proc_poll).
const fuse_lowlevel_ops& fuse_requests() noexcept;

}  // namespace ums::kernel
