// SPDX-License-Identifier: Apache-2.0
//
// Descriptor: an open file descriptor that is closed with its owner. Linux's fd, as an object.
//
//     Descriptor own(open(path, O_RDONLY | O_CLOEXEC));
//     if (!own) complain(errno);
//
// By way of the C library, which sets errno: not for code that runs inside of a program's calls.
//
// Thread safety: that of an int.
#pragma once

#include <unistd.h>

#include <utility>

namespace ums::kernel {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

  // Gives it to the caller, who closes it.
  int release() noexcept { return std::exchange(fd_, -1); }

  // Closes it, and owns `fd` instead.
  void reset(int fd = -1) noexcept {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace ums::kernel
