// SPDX-License-Identifier: Apache-2.0
//
// FuseMount: /proc/ums as a folder of the file system, for every program of the user (Linux: a
// mount of procfs). It shows the tree of the process that serves it, whatever that is.
//
//     FuseMount mount;
//     if (!mount.open("/home/me/ums").ok()) complain(mount.message());
//     std::thread server([&] { mount.serve(); });     // or serve_one() when fd() is readable
//     ...                                             // ls -lR /home/me/ums
//     mount.stop();
//     server.join();
//                                                     // its end unmounts
//
// An ordinary user mounts, by fusermount3; no other user, root included, can look into the mount.
// When the process dies without its end (SIGKILL), the mount stays and answers ENOTCONN until
// `fusermount3 -u FOLDER`; open says so. (fusermount3's own auto_unmount does not help: 3.14
// leaves a mount where it is that root may not look into.)
//
// What differs from the door in process: links are relative (fuse_link.h); lseek works, as Linux
// lets pread work only where it does; a bad address is EFAULT.
//
// Threads of the process that serves may look into the mount as well, but for the one that serves.
// If the process dies while one of them waits for an answer, Linux lets it wait on, until root says
// `umount -f FOLDER`.
//
// It is built where libfuse3 is installed, as the CMake target `procfs_fuse`; libums does not need
// it.
//
// Invariants:
// 1. Whoever serves does not look into the mount: it would wait for itself. So open and close do
//    not either.
// 2. No signal handler runs while a request is answered: it would meet the locks of the tree.
// 3. A forked child has no part in the mount, and its connection is closed there: the mount lives
//    as long as its process.
//
// Thread safety: one thread at a time, but for stop.
#pragma once

#include <string>

#include "sim_kernel/base/result.h"

namespace ums::kernel {

struct FuseSession;

class FuseMount {
 public:
  FuseMount() noexcept = default;
  ~FuseMount() { close(); }
  FuseMount(const FuseMount&) = delete;
  FuseMount& operator=(const FuseMount&) = delete;

  // Mounts on `folder`: an empty one that belongs to the user. Linux's programs that look into it
  // wait until it is served. Errors, each with its remedy in message(): ENOENT, ENOTDIR, ENOTEMPTY,
  // EPERM, EACCES (the folder, /dev/fuse, or no fusermount3); EBUSY (a mount already); ENOTCONN (a
  // mount whose process has died); ENOMEM; EMFILE.
  Result<void> open(const char* folder) noexcept;

  // Why open failed, and what to do about it. Ownership: this object's, until the next open.
  const char* message() const noexcept { return message_.c_str(); }

  // Readable when there is something to serve, the end included. -1 if nothing is open.
  int fd() const noexcept;

  // Answers one request, if there is one; does not wait. Returns false when the mount is gone: by
  // `fusermount3 -u`, for example.
  // Context: as proc_open.
  bool serve_one() noexcept;

  // Answers requests until the mount is gone, or stop is called.
  void serve() noexcept;

  // Lets serve return, and one that is called later return at once. Any thread, while the mount is
  // open; also a signal handler.
  void stop() noexcept;

  // Unmounts; programs that still hold files of it read ENOTCONN. Nothing if it is not open.
  void close() noexcept;

 private:
  void open_checked(const char* folder);

  std::string folder_;  // absolute
  std::string message_;
  FuseSession* session_ = nullptr;
};

}  // namespace ums::kernel
