// SPDX-License-Identifier: Apache-2.0
//
// PathRequest: a program's system call about a path or a descriptor that may be ours, and its
// handlers. Each answers it, or passes it on; none waits.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <linux/seccomp.h>

#include <cerrno>

#include "sim_kernel/sched/task.h"
#include "sim_kernel/server/clients/client_memory.h"
#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/paths/path_walk.h"

namespace ums::kernel {

class PathRequest {
 public:
  // `object` is the argument that names the file, -1: none does. `error` is for refuse().
  PathRequest(Listener& listener, const seccomp_notif& notification, int object, int error) noexcept
      : listener_(listener), notification_(notification), object_(object), error_(error) {}

  pid_t tid() const noexcept { return static_cast<pid_t>(notification_.pid); }
  int number() const noexcept { return notification_.data.nr; }
  int refusal() const noexcept { return error_; }
  Waiting waiting() const noexcept { return {&listener_, notification_.id}; }

  // The argument `i` places behind the one that names the file, from 0 on.
  std::uint64_t argument(int i) const noexcept { return notification_.data.args[object_ + 1 + i]; }
  // The path, or the descriptor, that names the file.
  std::uint64_t path() const noexcept { return notification_.data.args[object_]; }
  int descriptor() const noexcept { return static_cast<int>(notification_.data.args[object_]); }

  // 0: it succeeds.
  void fail(int error) const noexcept { listener_.answer(notification_.id, error); }
  // False: nobody waits any more; the program will make the call again, or not.
  bool succeed(long value = 0) const noexcept {
    return listener_.answer_value(notification_.id, value);
  }
  void pass_on() const noexcept { listener_.pass_on(notification_.id); }

  // Answers by what Linux has said to us.
  void answer(long result) const noexcept {
    if (result < 0) {
      fail(static_cast<int>(-result));
    } else {
      succeed(result);
    }
  }

  // Copies to the program, and answers `value`, or EFAULT.
  void give(std::uint64_t to, const void* from, std::size_t bytes, long value = 0) const noexcept {
    if (bytes != 0 && !write_client(tid(), to, from, bytes)) return fail(EFAULT);
    succeed(value);
  }

 private:
  Listener& listener_;
  const seccomp_notif& notification_;
  const int object_;
  const int error_;
};

using PathHandler = void(const PathRequest& request, Place& place) noexcept;

// What an entry is (path_status.cpp). The host's is looked at in the program's place.
PathHandler give_stat;     // stat, lstat, fstat, newfstatat
PathHandler give_statx;    // statx
PathHandler give_statfs;   // statfs, fstatfs
PathHandler check_access;  // access, faccessat, faccessat2
PathHandler give_link;     // readlink, readlinkat
PathHandler give_xattr;    // getxattr and its family
PathHandler give_xattrs;   // listxattr and its family
PathHandler change_mode;   // chmod and its family

// Folders (path_folder.cpp).
PathHandler list_folder;       // getdents64, getdents
PathHandler seek_in_folder;    // lseek to an entry
PathHandler change_folder;     // chdir; sees what is untouched, too
PathHandler change_folder_to;  // fchdir; as before
PathHandler give_folder;       // getcwd

// A call of open's family: the file of the device, a stand-in, or Linux's business (path_open.cpp).
void handle_open(Listener& listener, const seccomp_notif& notification) noexcept;

}  // namespace ums::kernel
