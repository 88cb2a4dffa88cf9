// SPDX-License-Identifier: Apache-2.0
//
// The door of the kernel in this process, by the functions of ums/ums_dev.h.
#include <ums/ums_dev.h>

#include <cerrno>

#include "support/door.h"

namespace ums::test {

namespace {

int or_errno(int result) { return result == -1 ? -errno : result; }

}  // namespace

int dev_open(int flags) { return or_errno(ums_dev_open("/dev/ums", flags)); }
int dev_dup(int fd) { return or_errno(ums_dev_dup(fd)); }
int dev_close(int fd) { return or_errno(ums_dev_close(fd)); }

int dev_ioctl_unlisted(int fd, unsigned long request, unsigned long argument) {
  return or_errno(ums_dev_ioctl(fd, request, argument));
}

}  // namespace ums::test
