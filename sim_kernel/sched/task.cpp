// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sched/task.h"

#include <boost/intrusive/list.hpp>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/sync/spinlock.h"

namespace ums::kernel {

thread_local constinit Task* current_or_null = nullptr;
pid_t kernel_pid = 0;

namespace {

void (*exit_hook)(Task& task) = nullptr;

using TaskList =
    boost::intrusive::list<Task,
                           boost::intrusive::member_hook<Task, boost::intrusive::list_member_hook<>,
                                                         &Task::task_list_hook>,
                           boost::intrusive::constant_time_size<false>>;

// Storage of captured threads outlives every static destructor.
constinit ObjectCache<Task> tasks{"task", SlabFlags::kPublished};
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

void set_task_exit_hook(void (*hook)(Task& task)) noexcept { exit_hook = hook; }

void call_task_exit_hook(Task& task) noexcept {
  if (exit_hook != nullptr) exit_hook(task);
}

void task_init() noexcept {
  kernel_pid = static_cast<pid_t>(raw_syscall(SYS_getpid));
  machine_task_init();
}

void task_reset_after_fork() noexcept NO_THREAD_SAFETY_ANALYSIS {
  kernel_pid = static_cast<pid_t>(raw_syscall(SYS_getpid));
  task_list_lock.reset_after_fork();
  task_list_made = false;
  current_or_null = nullptr;
  machine_task_reset_after_fork();
}

Task* alloc_task(pid_t tid) noexcept {
  Task* const task = tasks.create();
  if (task != nullptr) task->tid = tid;
  return task;
}

void publish_task(Task& task) noexcept {
  SpinGuard guard(task_list_lock);
  task_list().push_back(task);
}

void free_task(Task& task) noexcept {
  {
    SpinGuard guard(task_list_lock);  // its neighbours write to its hook
    if (task.task_list_hook.is_linked()) task_list().erase(task_list().iterator_to(task));
  }
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
