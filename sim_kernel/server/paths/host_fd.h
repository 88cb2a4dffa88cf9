// SPDX-License-Identifier: Apache-2.0
//
// HostFd: a descriptor of the kernel process, closed with its owner. HostStatus: what Linux says
// about a file, as far as it can be said without asking whoever serves it: a FUSE file system may
// be served by a program that waits for the kernel process, or by that itself.
//
// Thread safety: plain values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <tuple>
#include <utility>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

class HostFd {
 public:
  HostFd() noexcept = default;
  // Owns `result`, unless that is an error (-errno).
  explicit HostFd(long result) noexcept : fd_(static_cast<int>(result)) {}
  HostFd(HostFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  HostFd& operator=(HostFd other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~HostFd() {
    if (fd_ >= 0) raw_syscall(SYS_close, fd_);
  }

  bool ok() const noexcept { return fd_ >= 0; }
  int get() const noexcept { return fd_; }
  int error() const noexcept { return fd_ >= 0 ? 0 : -fd_; }

 private:
  int fd_ = -1;
};

// What makes two files the same.
struct Inode {
  dev_t device = 0;
  std::uint64_t number = 0;

  friend bool operator==(const Inode&, const Inode&) = default;
  friend bool operator<(const Inode& a, const Inode& b) noexcept {
    return std::tie(a.device, a.number) < std::tie(b.device, b.number);
  }
};

struct HostStatus {
  Inode inode;
  mode_t mode = 0;  // 0: Linux says nothing
};

// Opens `name` below `folder` as a place (O_PATH), with further flags of open(2).
HostFd open_place(int folder, const char* name, int flags) noexcept;

// Of `name` below `folder`, or of `folder` itself where `name` is "". `flags`: AT_SYMLINK_NOFOLLOW.
HostStatus host_status(int folder, const char* name, int flags = 0) noexcept;

// A name in a thread's folder of /proc: "fd/3", "cwd".
struct ThreadPath {
  ThreadPath(pid_t tid, const char* name) noexcept;
  ThreadPath(pid_t tid, int fd) noexcept;

  char path[48];
};

// Of what descriptor `fd` of thread `tid` names.
inline HostStatus status_of_descriptor(pid_t tid, int fd) noexcept {
  return host_status(-1, ThreadPath(tid, fd).path);
}

}  // namespace ums::kernel
