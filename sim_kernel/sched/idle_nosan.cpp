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

bool is_wake(Cpu& cpu, const siginfo_t& info) noexcept {
  if (info.si_signo == kWakeSignal) {
    return info.si_code == SI_QUEUE && info.si_value.sival_ptr == static_cast<const void*>(&cpu);
  }
  return info.si_signo == kPlainWakeSignal && info.si_code == SI_TKILL &&
         cpu.handed_plain.exchange(false, std::memory_order_acquire);
}

// Waits for a signal. Returns whether there is a task to run.
bool wait_for_wake(Cpu& cpu) noexcept {
  const std::uint64_t awaited = cpu.awaited.load(std::memory_order_relaxed);
  const bool announced = (awaited & kPlainWakeBit) != 0;
  const timespec look_again = {0, 10'000'000};
  siginfo_t info;
  const long signal = raw_syscall(SYS_rt_sigtimedwait, syscall_arg(&awaited), syscall_arg(&info),
                                  announced ? 0 : syscall_arg(&look_again), 8);
  if (signal <= 0) {
    return !announced && cpu.handed_plain.exchange(false, std::memory_order_acquire);
  }
  if (is_wake(cpu, info)) return true;
  pass_on_parked_signal(cpu, info);
  return false;
}

// Waits for the task that wake_idle_cpu hands over, and passes on the signals that arrive
// meanwhile. A wake-up cannot be lost: its signal stays queued until this loop takes it. Once a
// plain wake-up would stay unseen, because its number was given back to the process, this looks.
Task& wait_for_task(Cpu& cpu) noexcept {
  while (!wait_for_wake(cpu)) {
  }
  cpu.awaited.store(~0UL, std::memory_order_relaxed);
  Task* const task = cpu.handed.load(std::memory_order_acquire);
  cpu.handed.store(nullptr, std::memory_order_relaxed);
  return *task;
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
