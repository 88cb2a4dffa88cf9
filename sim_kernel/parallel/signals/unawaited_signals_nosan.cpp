// SPDX-License-Identifier: Apache-2.0
//
// Called on a park stack; see idle_nosan.cpp for what that forbids.
#include "sim_kernel/parallel/signals/unawaited_signals.h"

#include <ctime>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/idle.h"
#include "sim_kernel/parallel/signals/signal_pending.h"

namespace ums::kernel {

void await_no_more(Cpu& cpu, int signal) noexcept {
  cpu.awaited.fetch_and(~(1UL << (signal - 1)), std::memory_order_relaxed);
}

int take_unawaited_signal(Cpu& cpu, siginfo_t& info) noexcept {
  PendingSignals pending;
  if (!read_pending_signals(pending)) return 0;
  const std::uint64_t awaited = cpu.awaited.load(std::memory_order_relaxed);
  const std::uint64_t own = ~awaited & pending.thread;
  if (own != 0) {  // Linux gives a thread its own before those of the process
    const timespec at_once = {0, 0};
    const long signal = raw_syscall(SYS_rt_sigtimedwait, syscall_arg(&own), syscall_arg(&info),
                                    syscall_arg(&at_once), 8);
    return signal > 0 ? static_cast<int>(signal) : 0;
  }
  cpu.awaited.store(awaited | ~(pending.process | kPlainWakeBit), std::memory_order_relaxed);
  return 0;
}

}  // namespace ums::kernel
