// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sync/spinlock.h"

#include <ctime>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/sync/cpu_relax.h"

namespace ums::kernel {

namespace {

constexpr unsigned kSpins = 64;    // about the length of a critical section
constexpr unsigned kYields = 256;  // enough for a holder of the same priority to come round

}  // namespace

void spin_wait(const std::atomic<bool>& word, unsigned& attempts) noexcept {
  for (unsigned i = 0; i < kSpins && word.load(std::memory_order_relaxed); ++i) cpu_relax();
  if (!word.load(std::memory_order_relaxed)) return;
  if (++attempts < kYields) {
    raw_syscall(SYS_sched_yield);
    return;
  }
  // A waiter of higher real-time priority never yields to the holder; sleeping does.
  const timespec pause = {0, 50'000};
  raw_syscall(SYS_nanosleep, syscall_arg(&pause), 0);
}

}  // namespace ums::kernel
