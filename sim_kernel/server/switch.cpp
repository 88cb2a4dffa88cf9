// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/switch.h"

#include <boost/intrusive/parent_from_member.hpp>
#include <utility>

#include "sim_kernel/sched/may_schedule.h"
#include "sim_kernel/sched/wait_queue.h"
#include "sim_kernel/server/call.h"

namespace ums::kernel {

void execute_task(Task& me, Task& next) noexcept {
  next.resumer = &me;
  change_task_state<TaskState::kRunning, TaskState::kExecuting>(me.state);
  change_task_state<TaskState::kSuspended, TaskState::kRunning>(next.state);
  make_resumable(next);
  leave_for_loop(me);
}

namespace {

void resume_resumer(Task& me) noexcept {
  Task& next = *std::exchange(me.resumer, nullptr);
  change_task_state<TaskState::kExecuting, TaskState::kRunning>(next.state);
  make_resumable(next);
}

}  // namespace

void switch_back(Task& me) noexcept {
  resume_resumer(me);
  leave_for_loop(me);
}

void switch_home(Task& me) noexcept { resume_resumer(me); }

void suspend(Task& me, WakeUp wake) noexcept {
  me.resumer = nullptr;
  wake.wake_up();
  leave_for_loop(me);
}

void resume_executing(Task& task) noexcept {
  change_task_state<TaskState::kExecuting, TaskState::kRunning>(task.state);
  make_resumable(task);
}

bool WaitQueue::sleep_until_woken(Waiter& waiter) noexcept {
  Task& me = *current_task();
  change_task_state<TaskState::kRunning, TaskState::kInterruptible>(me.state);
  while (waiter.woken.load(std::memory_order_relaxed) == 0 && !me.machine.interrupted) {
    leave_for_loop(me);
  }
  change_task_state<TaskState::kInterruptible, TaskState::kRunning>(me.state);
  return !me.machine.interrupted;
}

void wake_sleeper(std::atomic<std::uint32_t>& woken) noexcept {
  using boost::intrusive::get_parent_from_member;
  Waiter* const waiter = get_parent_from_member(&woken, &Waiter::woken);
  make_resumable(*get_parent_from_member(waiter, &Task::waiter));
}

}  // namespace ums::kernel
