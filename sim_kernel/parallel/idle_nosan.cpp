// SPDX-License-Identifier: Apache-2.0
//
// The idle loop of a Cpu. It runs on a park stack while the thread pointer of its kernel thread
// may be in use elsewhere: this file is compiled without instrumentation or stack protector, and
// its code obeys invariant 4 of cpu.h.
#include "sim_kernel/parallel/idle.h"

#include <csignal>
#include <ctime>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/cpu_switch.h"
#include "sim_kernel/parallel/signals/parked_signals.h"
#include "sim_kernel/parallel/signals/unawaited_signals.h"

namespace ums::kernel {

namespace {

bool awaits_plain_wake(const Cpu& cpu) noexcept {
  return (cpu.awaited.load(std::memory_order_relaxed) & kPlainWakeBit) != 0;
}

bool take_plain_wake(Cpu& cpu) noexcept {
  return cpu.handed_plain.exchange(false, std::memory_order_acquire);
}

// Whether tgkill has sent it. Where no signal can be queued Linux loses its code and sender too.
bool is_plain(const siginfo_t& info) noexcept {
  return info.si_code == SI_TKILL || (info.si_code == SI_USER && info.si_pid == 0);
}

bool is_wake(Cpu& cpu, const siginfo_t& info) noexcept {
  if (info.si_signo == kWakeSignal) {
    return info.si_code == SI_QUEUE && info.si_value.sival_ptr == static_cast<const void*>(&cpu);
  }
  return info.si_signo == kPlainWakeSignal && is_plain(info) && take_plain_wake(cpu);
}

// Waits for a signal, for `pause_ms` if some are not awaited. Puts it into `info` and returns its
// number; 0 after the pause.
int wait_for_signal(Cpu& cpu, long pause_ms, siginfo_t& info) noexcept {
  const std::uint64_t awaited = cpu.awaited.load(std::memory_order_relaxed);
  const timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1'000'000};
  const long signal = raw_syscall(SYS_rt_sigtimedwait, syscall_arg(&awaited), syscall_arg(&info),
                                  awaits_all_signals(cpu) ? 0 : syscall_arg(&pause), 8);
  return signal > 0 ? static_cast<int>(signal) : 0;
}

long longer(long pause_ms) noexcept {
  return 2 * pause_ms < kLookPauseMaxMs ? 2 * pause_ms : kLookPauseMaxMs;
}

// Takes the next signal that is for this thread; 0 if there was none for a while.
int next_signal(Cpu& cpu, long& pause_ms, siginfo_t& info) noexcept {
  if (!awaits_all_signals(cpu)) {
    const int signal = take_unawaited_signal(cpu, info);
    if (signal != 0) return signal;
  }
  const int signal = wait_for_signal(cpu, pause_ms, info);
  pause_ms = signal != 0 || !awaits_plain_wake(cpu) ? kLookPauseMinMs : longer(pause_ms);
  return signal;
}

// Waits for the task that wake_idle_cpu hands over, and passes on the signals that arrive
// meanwhile. A wake-up cannot be lost: its signal stays queued until this loop takes it. Once a
// plain wake-up would stay unseen, because its number was given back to the process, this looks.
Task& wait_for_task(Cpu& cpu) noexcept {
  long pause_ms = kLookPauseMinMs;
  siginfo_t info;
  for (;;) {
    if (next_signal(cpu, pause_ms, info) == 0) {
      if (!awaits_plain_wake(cpu) && take_plain_wake(cpu)) break;
    } else if (is_wake(cpu, info)) {
      break;
    } else {
      pass_on_parked_signal(cpu, info);
    }
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
