// SPDX-License-Identifier: Apache-2.0
#include "ums_api/src/own_process.h"

#include <pthread.h>
#include <sys/types.h>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::api {

namespace {

pid_t own_pid = 0;  // 0 until the library is loaded: no vfork has been before

void remember_pid() noexcept { own_pid = static_cast<pid_t>(kernel::raw_syscall(SYS_getpid)); }

__attribute__((constructor(101))) void load() noexcept {
  remember_pid();
  pthread_atfork(nullptr, nullptr, remember_pid);
}

}  // namespace

bool in_own_process() noexcept {
  return own_pid == 0 || kernel::raw_syscall(SYS_getpid) == own_pid;
}

}  // namespace ums::api
