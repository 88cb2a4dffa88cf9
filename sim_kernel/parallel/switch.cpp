// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/switch.h"

#include <linux/futex.h>

#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/rseq.h"
#include "sim_kernel/parallel/signals/signal_mask.h"

namespace ums::kernel {

void prepare_scheduler(Task& me) noexcept {
  rseq_unregister(*me.cpu);
  learn_signal_mask(me);
}

void resume_executing(Task& task) noexcept {
  change_task_state<TaskState::kExecuting, TaskState::kReturning>(task.state);
  wake_idle_cpu(*task.cpu, task);
}

void see_off_homebound(Task& me) noexcept {
  Task& leaver = *std::exchange(me.cpu->homebound, nullptr);
  wake_idle_cpu(leaver.machine.home, leaver);
  me.exit_work.fetch_or(kExitMask, std::memory_order_relaxed);  // its own bit
}

bool sleep_until_set(Task&, std::atomic<std::uint32_t>& woken) noexcept {
  long result = 0;
  while (woken.load(std::memory_order_acquire) == 0 && result != -EINTR) {
    // Linux restarts the call by itself after a handler with SA_RESTART.
    result = raw_syscall(SYS_futex, syscall_arg(&woken), FUTEX_WAIT_PRIVATE, 0, 0);
  }
  return result != -EINTR;
}

}  // namespace ums::kernel
