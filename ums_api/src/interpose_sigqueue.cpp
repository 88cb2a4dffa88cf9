// SPDX-License-Identifier: Apache-2.0
//
// sigqueue to the own process marks the signal as one for the process. The kernel thread of a
// suspended worker may be the one that Linux gives it to, and must know that the worker was not
// meant (see signal_aim.h).
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/signals/signal_aim.h"
#include "ums_api/src/export.h"
#include "ums_api/src/interpose.h"
#include "ums_api/src/next_symbol.h"
#if UMS_MACHINE_SIMULATED
#include "ums_api/simulated/signals.h"
#endif

namespace {

using ums::kernel::raw_syscall;

constinit ums::api::NextSymbol<int(pid_t, int, sigval)> next_sigqueue{"sigqueue"};

}  // namespace

void ums::api::interpose_sigqueue() noexcept { next_sigqueue.resolve(); }

UMS_EXPORT int sigqueue(pid_t pid, int signal, const union sigval value) noexcept {
#if UMS_MACHINE_SIMULATED
  if (ums::api::answer_sigqueue(pid, signal, value)) return 0;
#endif
  if (pid != raw_syscall(SYS_getpid)) return next_sigqueue(pid, signal, value);
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = pid;
  info.si_uid = static_cast<uid_t>(raw_syscall(SYS_getuid));
  info.si_value = value;
  ums::kernel::aim_at_process(info);
  const long result =
      raw_syscall(SYS_rt_sigqueueinfo, pid, signal, ums::kernel::syscall_arg(&info));
  if (result == 0) return 0;
  errno = static_cast<int>(-result);
  return -1;
}
