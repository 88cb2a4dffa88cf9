// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/paths/host_fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace ums::kernel {

HostFd open_place(int folder, const char* name, int flags) noexcept {
  return HostFd(raw_syscall(SYS_openat, folder, syscall_arg(name), flags | O_PATH | O_CLOEXEC, 0));
}

HostStatus host_status(int folder, const char* name, int flags) noexcept {
  struct statx status {};
  const int how =
      flags | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT | (*name == '\0' ? AT_EMPTY_PATH : 0);
  const long error = raw_syscall(SYS_statx, folder, syscall_arg(name), how,
                                 STATX_TYPE | STATX_MODE | STATX_INO, syscall_arg(&status));
  if (error != 0) return {};
  return {{makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino}, status.stx_mode};
}

ThreadPath::ThreadPath(pid_t tid, const char* name) noexcept {
  *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/{}", tid, name).out = '\0';
}

ThreadPath::ThreadPath(pid_t tid, int fd) noexcept {
  *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/fd/{}", tid, fd).out = '\0';
}

}  // namespace ums::kernel
