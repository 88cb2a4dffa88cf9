// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/interrupt.h"

#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

namespace {

bool is_asleep(const Task& task) noexcept {
  if (task.machine.runnable) return false;
  const TaskState state = task.state.load(std::memory_order_relaxed);
  return state == TaskState::kRunning || state == TaskState::kInterruptible;
}

}  // namespace

void interrupt(Task& task) noexcept {
  if (!is_asleep(task)) return;
  futex_give_up(task);
  timer_stop(task);
  task.machine.wait_end = {true, true};
  make_runnable(task);
}

Task* simulated_task_of(pthread_t handle) noexcept {
  const KernelSection section;
  struct Search {
    pthread_t handle;
    Task* found;
  } search{handle, nullptr};
  for_each_task(
      [](Task& task, void* argument) {
        auto& wanted = *static_cast<Search*>(argument);
        if (is_simulated(task) && task.machine.handle == wanted.handle) wanted.found = &task;
      },
      &search);
  return search.found;
}

}  // namespace ums::kernel
