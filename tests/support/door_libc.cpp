// SPDX-License-Identifier: Apache-2.0
//
// The door of programs that know nothing of the kernel, by the C library's functions. Those of the
// preloaded library come before them, where its objects are a part of the program; or their system
// calls go to a kernel process.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "sim_kernel/fiber/tsan_handoff.h"
#include "support/door.h"

namespace ums::test {

namespace {

int or_errno(int result) { return result == -1 ? -errno : result; }

}  // namespace

int dev_open(int flags) { return or_errno(open("/dev/ums", flags, 0666)); }
int dev_dup(int fd) { return or_errno(dup(fd)); }
int dev_close(int fd) { return or_errno(close(fd)); }

// A kernel process performs calls one after the other, and ThreadSanitizer does not see into it.
int dev_ioctl_unlisted(int fd, unsigned long request, unsigned long argument) {
  static int order_of_calls;
  if (UMS_MACHINE_SERVER != 0) kernel::tsan_release(&order_of_calls);
  const int result = or_errno(ioctl(fd, request, argument));
  if (UMS_MACHINE_SERVER != 0) kernel::tsan_acquire(&order_of_calls);
  return result;
}

}  // namespace ums::test
