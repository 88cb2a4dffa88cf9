// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/interrupt.h"

#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/outside.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

bool goes_on_by_itself(const Task& task) noexcept {
  const TaskState state = task.state.load(std::memory_order_relaxed);
  return state == TaskState::kRunning || state == TaskState::kInterruptible;
}

void interrupt(Task& task) noexcept {
  if (task.machine.runnable || !goes_on_by_itself(task)) return;
  futex_give_up(task);
  timer_stop(task);
  outside_give_up(task);
  task.machine.wait_end = {.woken = true, .interrupted = true};
  make_runnable(task);
}

namespace {

template <typename Key>
Task* find_simulated(Key key, bool (*is)(const Task& task, Key key)) noexcept {
  const KernelSection section;
  struct Search {
    Key key;
    bool (*is)(const Task& task, Key key);
    Task* found;
  } search{key, is, nullptr};
  for_each_task(
      [](Task& task, void* argument) {
        auto& wanted = *static_cast<Search*>(argument);
        if (is_simulated(task) && wanted.is(task, wanted.key)) wanted.found = &task;
      },
      &search);
  return search.found;
}

}  // namespace

Task* simulated_task_of(pthread_t handle) noexcept {
  return find_simulated<pthread_t>(
      handle, [](const Task& task, pthread_t wanted) { return task.machine.handle == wanted; });
}

Task* simulated_task_of(pid_t tid) noexcept {
  return find_simulated<pid_t>(tid,
                               [](const Task& task, pid_t wanted) { return task.tid == wanted; });
}

Task* simulated_task_of_owner(pid_t kernel_thread) noexcept {
  return find_simulated<pid_t>(kernel_thread, [](const Task& task, pid_t wanted) {
    return task.machine.home.tid == wanted;
  });
}

}  // namespace ums::kernel
