// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sched/wait_queue.h"

#include <linux/futex.h>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/sched/schedule.h"

namespace ums::kernel {

bool WaitQueue::sleep_until_woken(Waiter& waiter) noexcept {
  Task& me = *current_task();
  assert_may_schedule(me);
  change_task_state<TaskState::kRunning, TaskState::kInterruptible>(me.state);
  long result = 0;
  while (waiter.woken.load(std::memory_order_acquire) == 0 && result != -EINTR) {
    // Linux restarts the call by itself after a handler with SA_RESTART.
    result = raw_syscall(SYS_futex, syscall_arg(&waiter.woken), FUTEX_WAIT_PRIVATE, 0, 0);
  }
  change_task_state<TaskState::kInterruptible, TaskState::kRunning>(me.state);
  return result != -EINTR;
}

}  // namespace ums::kernel
