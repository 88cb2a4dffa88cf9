// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/clients/thread_table.h"

#include <boost/intrusive/parent_from_member.hpp>
#include <boost/intrusive/set.hpp>
#include <csignal>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/server/clients/process.h"
#include "sim_kernel/server/clients/thread_status.h"

namespace ums::kernel {

namespace {

struct ByTid {
  using type = pid_t;
  pid_t operator()(const MachineTask& machine) const noexcept {
    return boost::intrusive::get_parent_from_member(&machine, &Task::machine)->tid;
  }
};

boost::intrusive::set<MachineTask,
                      boost::intrusive::member_hook<
                          MachineTask, boost::intrusive::set_member_hook<>, &MachineTask::tid_hook>,
                      boost::intrusive::key_of_value<ByTid>>
    threads;

Task* kernel_loop_task = nullptr;

Task* make_thread(pid_t tid) noexcept {
  const pid_t pid = process_of_thread(tid);
  Process* const process = pid > 0 ? find_or_make_process(pid) : nullptr;
  if (process == nullptr) return nullptr;
  Task* const task = alloc_task(tid);
  if (task == nullptr) {
    if (process->threads.empty()) free_process(*process);
    return nullptr;
  }
  task->machine.process = process;
  process->threads.push_back(task->machine);
  threads.insert(task->machine);
  publish_task(*task);
  return task;
}

}  // namespace

Task* find_thread(pid_t tid) noexcept {
  const auto found = threads.find(tid);
  return found != threads.end() ? boost::intrusive::get_parent_from_member(&*found, &Task::machine)
                                : nullptr;
}

Task* find_or_make_thread(pid_t tid) noexcept {
  Task* const task = find_thread(tid);
  return task != nullptr ? task : make_thread(tid);
}

void forget_thread(Task& task) noexcept {
  Process& process = *task.machine.process;
  process.threads.erase(process.threads.iterator_to(task.machine));
  threads.erase(threads.iterator_to(task.machine));
  task.state.store(TaskState::kDead, std::memory_order_relaxed);
  free_task(task);
  if (process.threads.empty()) free_process(process);
}

// The kernel loop itself, which is the current task while no call runs.
Task* make_current_task(bool /*thread_is_new*/) noexcept {
  if (kernel_loop_task == nullptr) {
    kernel_loop_task = alloc_task(static_cast<pid_t>(raw_syscall(SYS_gettid)));
    if (kernel_loop_task != nullptr) publish_task(*kernel_loop_task);
  }
  current_or_null = kernel_loop_task;
  return kernel_loop_task;
}

void machine_task_init() noexcept {}
void machine_task_reset_after_fork() noexcept { kernel_loop_task = nullptr; }

void abort_program() noexcept {
  const Task& me = *current_task();
  if (&me == kernel_loop_task) return;
  // As abort(3) does, it does not take no for an answer.
  const int signal = is_signal_held_off(me.tid, SIGABRT) ? SIGKILL : SIGABRT;
  raw_syscall(SYS_tgkill, me.machine.process->pid, me.tid, signal);
}

}  // namespace ums::kernel
