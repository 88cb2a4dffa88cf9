// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/open_description.h"

#include <linux/kcmp.h>
#include <sys/epoll.h>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

void OpenDescription::remember(int descriptor) noexcept {
  epoll_ = static_cast<int>(raw_syscall(SYS_epoll_create1, EPOLL_CLOEXEC));
  if (epoll_ < 0) return;
  epoll_event nothing{};
  raw_syscall(SYS_epoll_ctl, epoll_, EPOLL_CTL_ADD, descriptor, syscall_arg(&nothing));
  descriptor_ = descriptor;
}

void OpenDescription::forget() noexcept {
  if (epoll_ >= 0) raw_syscall(SYS_close, epoll_);
  epoll_ = -1;
}

bool OpenDescription::is(pid_t tid, int fd) const noexcept {
  if (epoll_ < 0) return false;
  static const long ours = raw_syscall(SYS_getpid);
  const kcmp_epoll_slot slot = {static_cast<__u32>(epoll_), static_cast<__u32>(descriptor_), 0};
  return raw_syscall(SYS_kcmp, tid, ours, KCMP_EPOLL_TFD, fd, syscall_arg(&slot)) == 0;
}

}  // namespace ums::kernel
