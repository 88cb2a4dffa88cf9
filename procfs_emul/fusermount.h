// SPDX-License-Identifier: Apache-2.0
//
// The program fusermount3, by which an ordinary user mounts and unmounts (libfuse's, set-user-id
// root). libfuse would start it as well, but by fork(), which runs the program's handlers, and it
// would leave the words of fusermount3 on the program's standard error, not in a message.
//
//     check_fuse_folder(folder);                            // absolute
//     const int fd = fuse_mount(folder);                    // a connection to Linux
//     fuse_unmount(folder);
//
// They throw FuseProblem, and std::bad_alloc.
//
// Invariants:
// 1. No function looks into a mount: who serves it may be the caller, or dead, or stopped. What is
//    mounted where is told by /proc/self/mounts; who serves it, by the mount's source there.
//
// Thread safety: any thread.
#pragma once

#include <string>

namespace ums::kernel {

// Why a folder cannot be mounted on, or anything else that a mount needs is missing.
struct FuseProblem {
  int error;         // errno
  std::string text;  // what, and what to do about it
};

// `folder` as an absolute path without links. Throws if nothing can be mounted there. Errors:
// ENOENT; ENOTDIR; ENOTEMPTY; EPERM (another user's); EACCES; EBUSY (a mount that is served);
// ENOTCONN (a mount whose process is dead).
std::string check_fuse_folder(const std::string& folder);

// Mounts FUSE there. Returns the descriptor of the connection, closed by exec; it does not block.
// Errors: ENOENT, ENXIO, EACCES, EPERM (/dev/fuse); ENOENT (no fusermount3); EPERM (fusermount3
// refused); EMFILE. Ownership: the caller's.
int fuse_mount(const std::string& folder);

// Takes the mount that this process has made there away, now or when the last program has left it;
// nothing if it is gone.
void fuse_unmount(const std::string& folder) noexcept;

}  // namespace ums::kernel
