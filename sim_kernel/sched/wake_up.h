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
// a task that is not saved yet. The sleeper may be gone when it is told: a futex is woken by its
// address, which nobody dereferences, and a stray wake-up hurts no one.
//
// Thread safety: a plain value.
#pragma once

#include <linux/futex.h>

#include <atomic>
#include <cstdint>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

class WakeUp {
 public:
  constexpr WakeUp() noexcept = default;
  explicit WakeUp(std::atomic<std::uint32_t>& woken) noexcept : woken_(&woken) {}

  // Whether there is somebody to wake.
  explicit operator bool() const noexcept { return woken_ != nullptr; }

  // Wakes the sleeper, if there is one. Context: any stack, a park stack too; no lock held.
  inline __attribute__((always_inline)) void wake_up() const noexcept {
    if (woken_ != nullptr) {
      raw_syscall(SYS_futex, syscall_arg(woken_), FUTEX_WAKE_PRIVATE, 1);
    }
  }

 private:
  std::atomic<std::uint32_t>* woken_ = nullptr;
};

}  // namespace ums::kernel
