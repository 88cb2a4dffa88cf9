// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/interrupt.h"

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

}  // namespace ums::kernel
