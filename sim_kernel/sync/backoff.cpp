// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sync/backoff.h"

#include <ctime>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/sync/cpu_relax.h"

namespace ums::kernel {

namespace {

constexpr unsigned kSpinRounds = 64;
constexpr unsigned kYieldRounds = kSpinRounds + 64;

}  // namespace

void Backoff::wait() noexcept {
  if (rounds_ < kSpinRounds) {
    ++rounds_;
    cpu_relax();
  } else if (rounds_ < kYieldRounds) {
    ++rounds_;
    raw_syscall(SYS_sched_yield);
  } else {
    const timespec pause = {0, 50'000};
    raw_syscall(SYS_nanosleep, syscall_arg(&pause), 0);
  }
}

}  // namespace ums::kernel
