// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/left_wait.h"

#include <csignal>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/mm/user_copy.h"
#include "sim_kernel/sched/may_schedule.h"
#include "sim_kernel/sched/schedule.h"
#include "sim_kernel/sched/wait_queue.h"

namespace ums::kernel {

namespace {

constexpr std::uint64_t kMark = 0x736c656570657221;

// How far above the frame that sleeps a call may begin that is made on the same stack, for sure: a
// call from below a large frame may be left. Other stacks that a handler may use, and that Linux
// does not tell of, are further away, or fill what lies between.
constexpr unsigned long kSameStackBytes = 1UL << 20;

bool on_signal_stack() noexcept {
  stack_t stack{};
  raw_syscall(SYS_sigaltstack, 0, syscall_arg(&stack));
  return (stack.ss_flags & SS_ONSTACK) != 0;
}

}  // namespace

bool WaitQueue::sleep_until_woken(Waiter& waiter) noexcept {
  Task& me = *current_task();
  assert_may_schedule(me);
  const volatile std::uint64_t mark = kMark;
  waiter.mark = &mark;
  change_task_state<TaskState::kRunning, TaskState::kInterruptible>(me.state);
  const bool woken = sleep_until_set(me, waiter.woken);
  change_task_state<TaskState::kInterruptible, TaskState::kRunning>(me.state);
  return woken;
}

bool has_left_wait(const Task& me) noexcept {
  if (me.state.load(std::memory_order_relaxed) != TaskState::kInterruptible) return false;
  if (on_signal_stack()) return false;
  const auto mark = reinterpret_cast<unsigned long>(me.waiter.mark);
  const auto here = reinterpret_cast<unsigned long>(__builtin_frame_address(0));
  // The stack of a call that was left may be gone.
  std::uint64_t seen = 0;
  const bool exists = get_user(seen, UserPtr<const std::uint64_t>(mark, 0));
  return here - mark < kSameStackBytes || !exists || seen != kMark;
}

void end_left_wait(Task& me) noexcept {
  if (me.state.load(std::memory_order_relaxed) != TaskState::kInterruptible) return;
  me.waiter.leave(me.waiter);
  if (me.waiter.held != nullptr) me.waiter.put(std::exchange(me.waiter.held, nullptr));
  change_task_state<TaskState::kInterruptible, TaskState::kRunning>(me.state);
}

}  // namespace ums::kernel
