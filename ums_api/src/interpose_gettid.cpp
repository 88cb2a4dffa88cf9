// SPDX-License-Identifier: Apache-2.0
//
// gettid() and syscall(SYS_gettid) in a worker give its own thread id, though another kernel thread
// runs it. syscall(SYS_exit) ends the worker, not that kernel thread. Every other system call is
// passed on unchanged, but for those that the preloaded library or the simulated machine answers.
//
// syscall has another name here than its symbol: the C library declares that it throws nothing,
// while the handler of a signal that comes in a call of the device may end the thread.
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/exit.h"
#include "ums_api/src/export.h"
#include "ums_api/src/interpose.h"
#include "ums_api/src/own_process.h"
#include "ums_api/src/preload_hooks.h"
#include "ums_api/src/worker_create.h"
#if UMS_MACHINE_SIMULATED
#include "ums_api/simulated/system_calls.h"
#endif

UMS_EXPORT long ums_syscall(long number, ...) asm("syscall");

namespace {

// Only a captured thread is answered from its Task. For every other Linux's answer is right, for
// the child of a vfork too. That one's thread id would tell it from ours, but not reliably: a
// handler that yields moves a worker to another kernel thread between a look at the one and at the
// other.
pid_t own_thread_id() noexcept {
  const ums::kernel::Task* const task = ums::kernel::current_or_null;
  if (task != nullptr && task->cpu != &task->machine.home && ums::api::in_own_process())
    return task->tid;
  return static_cast<pid_t>(ums::kernel::raw_syscall(SYS_gettid));
}

// The caller's Task, if it is outside the kernel and on its Cpu: the child of a vfork has the same
// memory and is somebody else.
ums::kernel::Task* task_that_exits() noexcept {
  ums::kernel::Task* const task = ums::kernel::current_or_null;
  if (task == nullptr || task->syscall_file.load(std::memory_order_relaxed) != nullptr) {
    return nullptr;
  }
  return ums::kernel::raw_syscall(SYS_gettid) == task->cpu->tid ? task : nullptr;
}

bool answer(long number, const long (&arguments)[6], long& result) {
#if UMS_MACHINE_SIMULATED
  if (ums::api::answer_simulated_call(number, arguments, result)) return true;
#endif
  return ums::api::answer_system_call(number, arguments, result);
}

}  // namespace

void ums::api::interpose_gettid() noexcept {}

UMS_EXPORT pid_t gettid() noexcept { return own_thread_id(); }

// The C library's reads six arguments too, however many there are. AddressSanitizer would tell.
__attribute__((no_sanitize("address"))) long ums_syscall(long number, ...) {
  if (number == SYS_gettid) return own_thread_id();
  va_list arguments;
  va_start(arguments, number);
  long a[6];
  for (long& argument : a) argument = va_arg(arguments, long);
  va_end(arguments);
  if (number == SYS_exit) {
    ums::kernel::Task* const task = task_that_exits();
    if (task != nullptr) {
      ums::api::forget_calling_worker();
      ums::kernel::do_exit(*task, static_cast<int>(a[0]));
    }
  }
  long result = 0;
  if (!answer(number, a, result)) {
    result = ums::kernel::raw_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  }
  if (result < 0 && result > -4096) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}
