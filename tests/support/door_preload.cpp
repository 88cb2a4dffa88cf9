// SPDX-License-Identifier: Apache-2.0
//
// The door of programs that know nothing of the kernel, by the C library's functions. The objects
// of the preloaded library are a part of the program: their open, ioctl, dup and close come before
// the C library's, as they do where it is preloaded, and the kernel's inside can be looked at.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "support/door.h"

namespace ums::test {

namespace {

int or_errno(int result) { return result == -1 ? -errno : result; }

}  // namespace

int dev_open(int flags) { return or_errno(open("/dev/ums", flags, 0666)); }
int dev_dup(int fd) { return or_errno(dup(fd)); }
int dev_close(int fd) { return or_errno(close(fd)); }

int dev_ioctl_unlisted(int fd, unsigned long request, unsigned long argument) {
  return or_errno(ioctl(fd, request, argument));
}

}  // namespace ums::test
