// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/cpu_switch.h"

#include <cerrno>
#include <csignal>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/idle.h"
#include "sim_kernel/parallel/park_stack.h"
#include "sim_kernel/parallel/rseq.h"
#include "sim_kernel/parallel/signals/signal_mask.h"
#include "sim_kernel/sync/backoff.h"

namespace ums::kernel {

Result<void> prepare_idle(Task& me) noexcept {
  Cpu& cpu = *me.cpu;
  rseq_unregister(cpu);
  if (cpu.park_stack == nullptr) {
    cpu.park_stack = park_stack_alloc();
    if (cpu.park_stack == nullptr) return Error{ENOMEM};
    cpu.idle.continuation =
        Continuation::on_stack(cpu.park_stack, kParkStackBytes, idle_loop, &cpu);
    cpu.idle.on_cpu.store(false, std::memory_order_relaxed);
  }
  block_all_signals(me);
  return {};
}

void leave_to_idle(Task& me, WakeUp wake) noexcept {
  Cpu& cpu = *me.cpu;
  cpu.previous = &me;
  cpu.wake_when_idle = wake;
  cpu.idle.on_cpu.store(true, std::memory_order_relaxed);
  Continuation idle = std::move(cpu.idle.continuation);
  const ThreadPointer pointer = me.thread_pointer;
  tsan_release(&me);
  arrive(me, std::move(idle).resume(pointer));
}

void wake_idle_cpu(Cpu& cpu, Task& task) noexcept {
  // Once the signal is sent the Cpu goes on, and may be gone.
  const pid_t tid = cpu.tid;
  cpu.handed.store(&task, std::memory_order_release);
  tsan_release(&task);
  siginfo_t info{};
  info.si_signo = kWakeSignal;
  info.si_code = SI_QUEUE;
  info.si_pid = kernel_pid;
  info.si_value.sival_ptr = &cpu;
  if (raw_syscall(SYS_rt_tgsigqueueinfo, kernel_pid, tid, kWakeSignal, syscall_arg(&info)) == 0) {
    return;
  }
  // RLIMIT_SIGPENDING is used up. A Cpu that does not await the plain signal looks at the flag from
  // time to time. It cannot begin to await it before it is woken.
  const bool awaited = (cpu.awaited.load(std::memory_order_relaxed) & kPlainWakeBit) != 0;
  cpu.handed_plain.store(true, std::memory_order_release);
  tsan_release(&task);
  if (awaited) raw_syscall(SYS_tgkill, kernel_pid, tid, kPlainWakeSignal);
}

void wait_off_cpu(Context& context) noexcept {
  for (Backoff backoff; context.on_cpu.load(std::memory_order_acquire); backoff.wait()) {
  }
}

}  // namespace ums::kernel
