// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/thread_status.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

pid_t process_of_thread(pid_t tid) noexcept {
  char path[32];
  *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/status", tid).out = '\0';
  const long fd = raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(path), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return -1;
  char text[1024];
  const long count = raw_syscall(SYS_read, fd, syscall_arg(text), sizeof text - 1);
  raw_syscall(SYS_close, fd);
  if (count <= 0) return -1;
  text[count] = '\0';
  const char* const line = std::strstr(text, "\nTgid:");
  return line != nullptr ? static_cast<pid_t>(std::atoi(line + 6)) : -1;
}

}  // namespace ums::kernel
