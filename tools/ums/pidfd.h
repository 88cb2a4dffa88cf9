// SPDX-License-Identifier: Apache-2.0
//
// pidfd: Linux's descriptors of processes, which never come to mean another process. The C library
// of Debian 12 has no functions for them on all machines; these are the system calls.
//
// Thread safety: any thread.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "tools/ums/descriptor.h"

namespace ums::command {

// A descriptor of the process `pid`. Throws std::system_error.
inline Descriptor open_pidfd(pid_t pid) {
  Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) throw std::system_error(errno, std::generic_category(), "pidfd_open");
  return pidfd;
}

// Sends `signal`, with `info` in the place of our own name where it is given. False with errno.
inline bool send_signal(int pidfd, int signal, siginfo_t* info = nullptr) {
  return syscall(SYS_pidfd_send_signal, pidfd, signal, info, 0) == 0;
}

}  // namespace ums::command
