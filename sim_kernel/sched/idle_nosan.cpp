// SPDX-License-Identifier: Apache-2.0
//
// The idle loop of a Cpu. It runs on a park stack while the thread pointer of its kernel thread
// may be in use elsewhere: this file is compiled without instrumentation or stack protector, and
// its code obeys invariant 4 of cpu.h.
#include "sim_kernel/sched/idle.h"

#include <csignal>
#include <ctime>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/sched/parked_signals.h"
#include "sim_kernel/sched/schedule.h"

namespace ums::kernel {

namespace {

bool is_wake(const Cpu& cpu, const siginfo_t& info) noexcept {
  return info.si_signo == kWakeSignal && info.si_code == SI_QUEUE &&
         info.si_value.sival_ptr == static_cast<const void*>(&cpu);
}

// Waits for the task that wake_idle_cpu hands over, and passes on the signals that arrive
// meanwhile. A wake-up cannot be lost: its signal stays queued until this loop takes it.
Task& wait_for_task(Cpu& cpu) noexcept {
  std::uint64_t awaited = ~0UL;
  for (;;) {
    siginfo_t info;
    const long signal =
        raw_syscall(SYS_rt_sigtimedwait, syscall_arg(&awaited), syscall_arg(&info), 0, 8);
    if (signal <= 0) continue;
    const bool wake = is_wake(cpu, info);
    if (!wake) pass_on_parked_signal(cpu, info, awaited);
    if (wake || cpu.handed_plain.load(std::memory_order_acquire)) {
      cpu.handed_plain.store(false, std::memory_order_relaxed);
      Task* const task = cpu.handed.load(std::memory_order_acquire);
      cpu.handed.store(nullptr, std::memory_order_relaxed);
      return *task;
    }
  }
}

// The task is a few instructions away from being saved, or was preempted there. Sleeping after a
// while lets it go on even if this thread has a higher real-time priority.
void wait_until_saved(const Context& context) noexcept {
  constexpr unsigned kYields = 256;
  const timespec pause = {0, 50'000};
  for (unsigned i = 0; context.on_cpu.load(std::memory_order_acquire); ++i) {
    if (i < kYields) {
      raw_syscall(SYS_sched_yield);
    } else {
      raw_syscall(SYS_nanosleep, syscall_arg(&pause), 0);
    }
  }
}

}  // namespace

void idle_loop(Continuation from, void* argument) {
  Cpu& cpu = *static_cast<Cpu*>(argument);
  for (;;) {
    save_previous(cpu, std::move(from));
    std::exchange(cpu.wake_when_idle, WakeUp()).wake_up();
    Task& next = wait_for_task(cpu);
    wait_until_saved(next);
    next.on_cpu.store(true, std::memory_order_relaxed);
    next.state.store(TaskState::kRunning, std::memory_order_release);
    next.cpu = &cpu;
    cpu.previous = &cpu.idle;
    from = std::move(next.continuation).resume(next.thread_pointer);
  }
}

}  // namespace ums::kernel
