// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sched/task.h"

#include <boost/intrusive/list.hpp>
#include <csignal>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/init/start_kernel.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/sched/exit.h"
#include "sim_kernel/sync/spinlock.h"

namespace ums::kernel {

thread_local constinit Task* current_or_null = nullptr;
pid_t kernel_pid = 0;

namespace {

using TaskList =
    boost::intrusive::list<Task,
                           boost::intrusive::member_hook<Task, boost::intrusive::list_member_hook<>,
                                                         &Task::task_list_hook>,
                           boost::intrusive::constant_time_size<false>>;

// Storage of captured threads outlives every static destructor.
constinit ObjectCache<Task> tasks{"task"};
SpinLock<LockRank::kTaskList> task_list_lock;
alignas(TaskList) unsigned char task_list_storage[sizeof(TaskList)];
bool task_list_made GUARDED_BY(task_list_lock) = false;

TaskList& task_list() noexcept REQUIRES(task_list_lock) {
  auto* const list = reinterpret_cast<TaskList*>(task_list_storage);
  if (!task_list_made) {
    new (list) TaskList;
    task_list_made = true;
  }
  return *list;
}

}  // namespace

void task_init() noexcept {
  kernel_pid = static_cast<pid_t>(raw_syscall(SYS_getpid));
  exit_init();
}

void task_reset_after_fork() noexcept NO_THREAD_SAFETY_ANALYSIS {
  kernel_pid = static_cast<pid_t>(raw_syscall(SYS_getpid));
  task_list_lock.reset_after_fork();
  task_list_made = false;
  current_or_null = nullptr;
  exit_reset_after_fork();
}

namespace {

// Context: no signal handler may run, which would make the Task that is being made.
Task* make_task(bool thread_is_new) noexcept {
  start_kernel();
  Task* const task = tasks.create();
  if (task == nullptr) return nullptr;
  task->tid = static_cast<pid_t>(raw_syscall(SYS_gettid));
  task->thread_pointer = read_thread_pointer();
  task->cpu = &task->home;
  task->home.tid = task->tid;
  task->home.home_task = task;
  if (!exit_watch(*task, thread_is_new)) {
    tasks.destroy(task);
    return nullptr;
  }
  current_or_null = task;
  SpinGuard guard(task_list_lock);
  task_list().push_back(*task);
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

void destroy_current_task(Task& task) noexcept {
  {
    SpinGuard guard(task_list_lock);
    task_list().erase(task_list().iterator_to(task));
  }
  current_or_null = nullptr;
  tasks.destroy(&task);
}

void for_each_task(void (*visit)(Task& task, void* argument), void* argument) {
  SpinGuard guard(task_list_lock);
  for (Task& task : task_list()) visit(task, argument);
}

Task* find_task(pid_t tid) noexcept {
  SpinGuard guard(task_list_lock);
  for (Task& task : task_list()) {
    if (task.tid == tid) return &task;
  }
  return nullptr;
}

}  // namespace ums::kernel
