// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdlib>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/init/start_kernel.h"
#include "sim_kernel/parallel/exit.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

namespace {

// Context: no signal handler may run, which would make the Task that is being made.
Task* make_task(bool thread_is_new) noexcept {
  start_kernel();
  Task* const task = alloc_task(static_cast<pid_t>(raw_syscall(SYS_gettid)));
  if (task == nullptr) return nullptr;
  task->thread_pointer = read_thread_pointer();
  task->cpu = &task->machine.home;
  task->machine.home.tid = task->tid;
  task->machine.home.home_task = task;
  if (!exit_watch(*task, thread_is_new)) {
    free_task(*task);
    return nullptr;
  }
  current_or_null = task;
  publish_task(*task);
  return task;
}

}  // namespace

Task* make_current_task(bool thread_is_new) noexcept {
  if (exit_done()) return nullptr;
  const std::uint64_t all = ~0UL;
  std::uint64_t before = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&all), syscall_arg(&before), 8);
  // A handler may have made it just now.
  Task* const task = current_or_null != nullptr ? current_or_null : make_task(thread_is_new);
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&before), 0, 8);
  return task;
}

void abort_program() noexcept { std::abort(); }

}  // namespace ums::kernel
