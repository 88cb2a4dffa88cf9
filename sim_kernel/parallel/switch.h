// SPDX-License-Identifier: Apache-2.0
//
// Who goes next on a Cpu of the parallel machine: see sched/schedule.h for the functions. Every
// scheduler thread of the program is a processor. A task that executes another is replaced by it on
// the spot (cpu_switch.h); one that is captured leaves its Cpu to the idle loop.
//
// Context of all: the calling task is current, runs on *me.cpu and is inside a system call.
// After each of them returns, me.cpu may be another Cpu than before.
#pragma once

#include "sim_kernel/parallel/cpu_switch.h"
#include "sim_kernel/parallel/signals/parked_signals.h"

namespace ums::kernel {

inline Result<void> prepare_suspend(Task& me) noexcept { return prepare_idle(me); }

inline void suspend(Task& me, WakeUp wake) noexcept {
  assert_may_schedule(me);
  me.resumer = nullptr;
  leave_to_idle(me, wake);
}

// Readies the Cpu of `me` to carry other tasks.
void prepare_scheduler(Task& me) noexcept;

// Lets a task in EXEC go on whose worker has left its Cpu: that Cpu idles.
void resume_executing(Task& task) noexcept;

// Sleeps until `woken` is set. False: a signal ended it.
bool sleep_until_set(Task& me, std::atomic<std::uint32_t>& woken) noexcept;

// `me` is about to make a call about `object`.
inline void before_call(Task&, const void* /*object*/) noexcept {}

// `me` has come to a point of its program where others may go on, or has computed: threads are
// Linux's to schedule, and time is real.
inline void pass_point(Task&) noexcept {}
inline void compute(Task&, std::uint64_t /*nanoseconds*/) noexcept {}

// The last that the child of a fork does before it goes on.
inline void machine_restart_after_fork() noexcept {}

// The thread of `me` ends, and is in no file any more: it goes on at home.
inline void leave_machine(Task&) noexcept {}

// A signal for a thread that runs interrupts it.
inline constexpr bool kSignalsWaitForTasks = false;
inline void deliver_signals(Task& me) { raise_pending_signals(me); }

// A thread ends in user code only.
inline constexpr bool kThreadsDieInCalls = false;

// The call returns in any case.
inline bool answer(Task&) noexcept { return true; }

// Runs `next`, which is suspended, in the place of `me`, until it gives the Cpu back or `me` is
// woken otherwise.
inline __attribute__((always_inline)) void execute_task(Task& me, Task& next) noexcept {
  if (next.on_cpu.load(std::memory_order_acquire)) [[unlikely]] {
    wait_off_cpu(next);
  }
  tsan_acquire(&next);
  next.on_cpu.store(true, std::memory_order_relaxed);
  next.resumer = &me;
  change_task_state<TaskState::kRunning, TaskState::kExecuting>(me.state);
  change_task_state<TaskState::kSuspended, TaskState::kRunning>(next.state);
  switch_to(me, next);
}

// Gives the Cpu back to the task that executed `me`, whose state the caller has set already.
inline __attribute__((always_inline)) void switch_back(Task& me) noexcept {
  Task& next = *me.resumer;
  me.resumer = nullptr;
  next.on_cpu.store(true, std::memory_order_relaxed);
  change_task_state<TaskState::kExecuting, TaskState::kRunning>(next.state);
  switch_to(me, next);
}

// Gives the Cpu back as switch_back does, and continues `me`, which is captured, on its home Cpu.
// It is woken there once it is saved, by the task that goes on here: woken before, its kernel
// thread would only wait for that.
inline void switch_home(Task& me) noexcept {
  change_task_state<TaskState::kRunning, TaskState::kReturning>(me.state);
  me.cpu->homebound = &me;
  switch_back(me);
}

}  // namespace ums::kernel
