// SPDX-License-Identifier: Apache-2.0
//
// Preemption points inside the kernel, for who explores it in the simulated machine (Linux:
// CONFIG_PREEMPT, and what KCSAN and rcutorture provoke): steps of its locks, of RCU and of what
// readers see without a lock. In other machines, and while nobody explores, they do nothing.
//
//     preemption_point(KernelStep::kLoad, &pointer);     // others may go on first
//     return pointer.load(std::memory_order_acquire);
//
// The kernel's functions are called directly then, as threads of the simulation would call them in
// parallel, or through the device. Others see what a task has done until its next point, in the
// order in which it did it: the order of weak memory is not explored.
//
// Invariants:
// 1. What the simulation itself takes (the locks of the slabs, the task list and the state file) is
//    not held at a point.
// 2. There is none from where others may execute a task to where it is saved (worker_suspend).
//
// Thread safety: the simulation; elsewhere any thread.
#pragma once

#include <cstdint>

namespace ums::kernel {

enum class KernelStep : std::uint8_t { kLoad, kStore, kUpdate };

#if UMS_MACHINE_SIMULATED

// Set by who explores the kernel, while no other thread is in it.
extern bool kernel_is_preemptible __attribute__((visibility("hidden")));

[[gnu::cold]] void preempt(KernelStep step, const void* object) noexcept;
[[gnu::cold]] bool preempt_once() noexcept;
[[gnu::cold]] bool preempt_until_wake(const void* object) noexcept;
[[gnu::cold]] void preempt_wake(const void* object) noexcept;

[[gnu::always_inline]] inline void preemption_point(KernelStep step, const void* object) noexcept {
  if (kernel_is_preemptible) [[unlikely]]
    preempt(step, object);
}

// Others go on, one of whom the caller waits for. False: the caller is not explored, and waits
// itself.
inline bool preemption_yield() noexcept { return kernel_is_preemptible && preempt_once(); }

// Others go on until preemption_wake(object). False: the caller is not explored, and waits itself.
inline bool preemption_wait(const void* object) noexcept {
  return kernel_is_preemptible && preempt_until_wake(object);
}

inline void preemption_wake(const void* object) noexcept {
  if (kernel_is_preemptible) [[unlikely]]
    preempt_wake(object);
}

#else

inline void preemption_point(KernelStep, const void*) noexcept {}
inline bool preemption_yield() noexcept { return false; }
inline bool preemption_wait(const void*) noexcept { return false; }
inline void preemption_wake(const void*) noexcept {}

#endif

}  // namespace ums::kernel
