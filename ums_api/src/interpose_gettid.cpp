// SPDX-License-Identifier: Apache-2.0
//
// gettid() and syscall(SYS_gettid) in a worker give its own thread id, though another kernel thread
// runs it. Every other system call is passed on unchanged.
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/sched/task.h"
#include "ums_api/src/export.h"
#include "ums_api/src/interpose.h"

namespace {

// Only a captured thread is answered from its Task: in the child of a vfork or a raw clone the
// kernel's answer is the right one.
pid_t own_thread_id() noexcept {
  const ums::kernel::Task* const task = ums::kernel::current_or_null;
  if (task != nullptr && task->cpu != &task->home) return task->tid;
  return static_cast<pid_t>(ums::kernel::raw_syscall(SYS_gettid));
}

}  // namespace

void ums::api::interpose_gettid() noexcept {}

UMS_EXPORT pid_t gettid() noexcept { return own_thread_id(); }

UMS_EXPORT long syscall(long number, ...) noexcept {
  if (number == SYS_gettid) return own_thread_id();
  va_list arguments;
  va_start(arguments, number);
  long a[6];
  for (long& argument : a) argument = va_arg(arguments, long);
  va_end(arguments);
  const long result = ums::kernel::raw_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (result < 0 && result > -4096) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}
