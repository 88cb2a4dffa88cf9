// SPDX-License-Identifier: Apache-2.0
//
// The states of a task and the moves between them (Linux: task->__state). A state's name says
// where the task sits; nothing else may hold it. The only way to change one is change_task_state.
//
//   state          where the task sits                      who moves it on
//   kRunning       on a Cpu, its own or a carrier's         itself
//   kInterruptible asleep on a WaitQueue, its Cpu with it   itself, woken by who wakes the queue
//   kExecuting     under the task that it runs in its place whoever ends that task's turn
//   kSuspended     captured; known to the module's lists    the task that executes it next
//   kReturning     handed to the idle loop of a Cpu         that Cpu
//   kDead          nowhere; its thread is about to end      nobody
//
// Thread safety: written by the mover alone; anybody may read it (tests wait on it).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "sim_kernel/base/kassert.h"

namespace ums::kernel {

enum class TaskState : std::uint8_t {
  kRunning,
  kInterruptible,
  kExecuting,
  kSuspended,
  kReturning,
  kDead,
};

inline constexpr const char* task_state_name(TaskState state) noexcept {
  constexpr std::array kNames = {"running",   "interruptible", "executing",
                                 "suspended", "returning",     "dead"};
  return kNames[static_cast<std::size_t>(state)];
}

// Whether a task may go from `from` to `to`.
inline constexpr bool task_state_legal(TaskState from, TaskState to) noexcept {
  using enum TaskState;
  constexpr auto kBit = [](TaskState s) { return 1U << static_cast<unsigned>(s); };
  constexpr std::array<unsigned, 6> kNext = {
      kBit(kInterruptible) | kBit(kExecuting) | kBit(kSuspended) | kBit(kReturning) | kBit(kDead),
      kBit(kRunning),
      kBit(kRunning) | kBit(kReturning),
      kBit(kRunning),
      kBit(kRunning),
      0,
  };
  return (kNext[static_cast<std::size_t>(from)] & kBit(to)) != 0;
}

// Moves a task on from a state that the caller knows. What is not in the table does not compile.
// Ordering: release, so that who reads the state sees what led to it.
template <TaskState kFrom, TaskState kTo>
inline void change_task_state(std::atomic<TaskState>& state) noexcept {
  static_assert(task_state_legal(kFrom, kTo));
  const TaskState now = state.load(std::memory_order_relaxed);
  kassert(now == kFrom, "task goes from {} to {}, but is {}", task_state_name(kFrom),
          task_state_name(kTo), task_state_name(now));
  state.store(kTo, std::memory_order_release);
}

}  // namespace ums::kernel
