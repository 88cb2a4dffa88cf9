// SPDX-License-Identifier: Apache-2.0
//
// Descriptor: an open file descriptor that is closed with its owner. Linux's fd, as an object.
//
//     Descriptor own(open(path, O_RDONLY | O_CLOEXEC));
//     if (!own) complain(errno);
//
// 1. What this command opens for itself has O_CLOEXEC; what it inherited has not. So a program that
//    is executed gets the inherited ones and no other, and `close_inherited` needs no list.
//
// Thread safety: that of an int.
#pragma once

#include <unistd.h>

#include <utility>

namespace ums::command {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  // Gives it to the caller, who closes it.
  int release() { return std::exchange(fd_, -1); }

  // Closes it, and owns `fd` instead.
  void reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// Opens /dev/null, to be closed by exec, in the place of those of descriptors 0, 1 and 2 that are
// closed: so none of our own descriptors gets such a number. Throws std::system_error.
void fill_standard_descriptors();

// Closes every descriptor that an executed program would inherit, but `kept` (or none: -1).
// Invariant 1. Throws std::system_error where /proc cannot be read.
void close_inherited(int kept = -1);

}  // namespace ums::command
