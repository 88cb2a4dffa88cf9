// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/switch.h"

#include <boost/intrusive/parent_from_member.hpp>
#include <utility>

#include "sim_kernel/sched/may_schedule.h"
#include "sim_kernel/simulated/races/happens_before.h"
#include "sim_kernel/simulated/simulation.h"
#include "sim_kernel/simulated/virtual_time.h"

namespace ums::kernel {

void execute_task(Task& me, Task& next) noexcept {
  assert_may_schedule(me);
  next.resumer = &me;
  change_task_state<TaskState::kRunning, TaskState::kExecuting>(me.state);
  change_task_state<TaskState::kSuspended, TaskState::kRunning>(next.state);
  replace(me, next);
}

namespace {

Task& resumer_goes_on(Task& me) noexcept {
  Task& next = *std::exchange(me.resumer, nullptr);
  change_task_state<TaskState::kExecuting, TaskState::kRunning>(next.state);
  return next;
}

}  // namespace

void switch_back(Task& me) noexcept {
  assert_may_schedule(me);
  replace(me, resumer_goes_on(me));
}

void switch_home(Task& me) noexcept {
  assert_may_schedule(me);
  announce(me, EventKind::kCall);
  Task& resumer = resumer_goes_on(me);
  give_place(me, resumer);
  happens_before_task(me, resumer);
  let_others_go_on(me);
}

void suspend(Task& me, WakeUp wake) noexcept {
  assert_may_schedule(me);
  me.resumer = nullptr;
  wake.wake_up();
  block(me);
}

void resume_executing(Task& task) noexcept {
  change_task_state<TaskState::kExecuting, TaskState::kRunning>(task.state);
  make_runnable(task);
  happens_before_task(*current_task(), task);
}

namespace {

// Not where the handler of a signal calls that interrupted a call, which is refused.
bool is_in_user_code(const Task& me) noexcept {
  return is_simulated(me) && me.syscall_file.load(std::memory_order_relaxed) == nullptr;
}

}  // namespace

void before_call(Task& me, const void* object) noexcept {
  if (is_in_user_code(me)) sched_point(me, EventKind::kCall, object);
}

void pass_point(Task& me) noexcept {
  if (is_in_user_code(me)) sched_point(me, EventKind::kPoint);
}

// LIMIT: who is woken in the middle, where nobody has waited before, does not interrupt it.
void use_cpu(Task& me, std::uint64_t nanoseconds) noexcept {
  if (!is_in_user_code(me)) return;
  while (is_cpu_wanted() && virtual_time() < kEndOfTime) {
    const std::uint64_t turn = virtual_cpus.left_of_turn(me);
    if (nanoseconds <= turn) break;
    charge(turn);
    nanoseconds -= turn;
    sched_point(me, EventKind::kPoint);
  }
  charge(nanoseconds);
}

// Who is behind may have sent it to another CPU meanwhile, or write what it reads next.
void compute(Task& me, std::uint64_t nanoseconds) noexcept {
  use_cpu(me, nanoseconds);
  if (is_in_user_code(me) && is_anybody_behind()) catch_up(me);
}

void leave_machine(Task& me) noexcept {
  if (is_simulated(me)) simulation_leave(me);
}

bool sleep_until_set(Task& me, std::atomic<std::uint32_t>& woken) noexcept {
  me.machine.wait_end = {};
  while (woken.load(std::memory_order_relaxed) == 0) {
    if (me.machine.wait_end.interrupted) return false;
    block(me);
  }
  return true;
}

// One that has stopped sleeping may wait for the queue's lock (preemption.h), and looks by itself.
void wake_sleeper(std::atomic<std::uint32_t>& woken) noexcept {
  using boost::intrusive::get_parent_from_member;
  Waiter* const waiter = get_parent_from_member(&woken, &Waiter::woken);
  Task& task = *get_parent_from_member(waiter, &Task::waiter);
  if (task.machine.waits_for == nullptr) make_runnable(task);
}

}  // namespace ums::kernel
