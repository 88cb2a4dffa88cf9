// SPDX-License-Identifier: Apache-2.0
//
// Functions of Linux that are about a thread, by its id: they are Linux's, by the id that it knows.
// sched_setaffinity is in affinity.cpp, tgkill in signals.cpp.
#include "ums_api/simulated/thread_ids.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/simulated/find_task.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using ums::api::kernel_thread_of;
using ums::api::NextSymbol;

constinit NextSymbol<int(int, id_t)> next_getpriority{"getpriority"};
constinit NextSymbol<int(int, id_t, int)> next_setpriority{"setpriority"};
constinit NextSymbol<int(pid_t)> next_getscheduler{"sched_getscheduler"};
constinit NextSymbol<int(pid_t, int, const sched_param*)> next_setscheduler{"sched_setscheduler"};
constinit NextSymbol<int(pid_t, sched_param*)> next_getparam{"sched_getparam"};
constinit NextSymbol<int(pid_t, const sched_param*)> next_setparam{"sched_setparam"};
constinit NextSymbol<int(pid_t, timespec*)> next_interval{"sched_rr_get_interval"};

id_t whom(int which, id_t who) noexcept {
  if (which != PRIO_PROCESS) return who;
  return static_cast<id_t>(kernel_thread_of(static_cast<pid_t>(who)));
}

// Which argument is the id of a thread; -1: none is.
int place_of_id(long number, const long (&arguments)[6]) noexcept {
  switch (number) {
    case SYS_sched_getattr:
    case SYS_sched_getaffinity:
    case SYS_sched_getparam:
    case SYS_sched_getscheduler:
    case SYS_sched_rr_get_interval:
    case SYS_sched_setaffinity:
    case SYS_sched_setattr:
    case SYS_sched_setparam:
    case SYS_sched_setscheduler:
    case SYS_tkill:
      return 0;
    case SYS_tgkill:
      return 1;
    case SYS_getpriority:
    case SYS_setpriority:
      return arguments[0] == PRIO_PROCESS ? 1 : -1;
    default:
      return -1;
  }
}

}  // namespace

bool ums::api::answer_about_thread(long number, const long (&arguments)[6], long& result) noexcept {
  const int place = place_of_id(number, arguments);
  if (place < 0) return false;
  long a[6];
  for (int i = 0; i < 6; ++i) {
    a[i] = i == place ? kernel_thread_of(static_cast<pid_t>(arguments[i])) : arguments[i];
  }
  result = kernel::raw_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return true;
}

pid_t ums::api::kernel_thread_of(pid_t tid) noexcept {
  if (tid == 0 || current_simulated() == nullptr) return tid;
  const kernel::Task* const task = kernel::simulated_task_of(tid);
  return task == nullptr ? tid : task->machine.home.tid;
}

UMS_EXPORT int getpriority(int which, id_t who) noexcept {
  return next_getpriority(which, whom(which, who));
}

UMS_EXPORT int setpriority(int which, id_t who, int priority) noexcept {
  return next_setpriority(which, whom(which, who), priority);
}

UMS_EXPORT int sched_getscheduler(pid_t tid) noexcept {
  return next_getscheduler(kernel_thread_of(tid));
}

UMS_EXPORT int sched_setscheduler(pid_t tid, int policy, const sched_param* param) noexcept {
  return next_setscheduler(kernel_thread_of(tid), policy, param);
}

UMS_EXPORT int sched_getparam(pid_t tid, sched_param* param) noexcept {
  return next_getparam(kernel_thread_of(tid), param);
}

UMS_EXPORT int sched_setparam(pid_t tid, const sched_param* param) noexcept {
  return next_setparam(kernel_thread_of(tid), param);
}

UMS_EXPORT int sched_rr_get_interval(pid_t tid, timespec* interval) noexcept {
  return next_interval(kernel_thread_of(tid), interval);
}
