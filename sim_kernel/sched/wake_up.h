// SPDX-License-Identifier: Apache-2.0
//
// WakeUp: the second half of a wake-up (Linux: wake_q_head, wake_up_q).
//
//     {
//       SpinGuard guard(lock);
//       wake = queue.wake_up_one();   // the sleeper may go on from now on
//     }
//     wake.wake_up();                 // and is told so
//
// The two are apart so that a sleeper which preempts its waker does not run into the lock, or into
// a task that is not saved yet. In the parallel machine the sleeper may be gone when it is told: a
// futex is woken by its address, which nobody dereferences, and a stray wake-up hurts no one.
//
// Thread safety: a plain value.
#pragma once

#include <atomic>
#include <cstdint>

#define UMS_WAKES_BY_FUTEX (!UMS_MACHINE_SERVER && !UMS_MACHINE_SIMULATED)

#if UMS_WAKES_BY_FUTEX
#include <linux/futex.h>

#include "sim_kernel/base/raw_syscall.h"
#endif

namespace ums::kernel {

// The machine's: lets the task go on that sleeps until its Waiter's `woken` is set, which it is.
// Context: any stack, a park stack too; no lock held.
#if !UMS_WAKES_BY_FUTEX
void wake_sleeper(std::atomic<std::uint32_t>& woken) noexcept;
#else
inline __attribute__((always_inline)) void wake_sleeper(
    std::atomic<std::uint32_t>& woken) noexcept {
  raw_syscall(SYS_futex, syscall_arg(&woken), FUTEX_WAKE_PRIVATE, 1);
}
#endif

class WakeUp {
 public:
  constexpr WakeUp() noexcept = default;
  explicit WakeUp(std::atomic<std::uint32_t>& woken) noexcept : woken_(&woken) {}

  // Whether there is somebody to wake.
  explicit operator bool() const noexcept { return woken_ != nullptr; }

  // Wakes the sleeper, if there is one. Context: as wake_sleeper.
  inline __attribute__((always_inline)) void wake_up() const noexcept {
    if (woken_ != nullptr) wake_sleeper(*woken_);
  }

 private:
  std::atomic<std::uint32_t>* woken_ = nullptr;
};

}  // namespace ums::kernel
