// SPDX-License-Identifier: Apache-2.0
//
// The handler runs anywhere, and some of this on a park stack; see idle_nosan.cpp for what that
// forbids.
#include "sim_kernel/parallel/signals/cancel_signal.h"

#include <atomic>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/idle.h"
#include "sim_kernel/parallel/signals/parked_signals.h"

namespace ums::kernel {

namespace {

// Linux's own struct sigaction; glibc's function refuses this signal.
struct KernelAction {
  void (*handler)(int, siginfo_t*, void*);
  unsigned long flags;
  void (*restorer)();
  std::uint64_t mask;
};

// glibc's handler; null until it is wrapped.
std::atomic<void (*)(int, siginfo_t*, void*)> next_handler{nullptr};

// Whose cancellation this is, on the kernel thread that `me` runs on.
Task* aimed_task(const siginfo_t& info, Task* me) noexcept {
  if (info.si_code == SI_QUEUE) return cancel_signal_task(info);
  return me == nullptr ? nullptr : me->cpu->home_task;
}

// No other handler may come between and find Task::signal_lock held.
void keep_for(Task& task, const siginfo_t& info) noexcept {
  const std::uint64_t all = ~0UL;
  std::uint64_t mask = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&all), syscall_arg(&mask), 8);
  signal_task(task, info);
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&mask), 0, 8);
}

// Whether a thread may not be unwound from where it is: inside the kernel, but for a sleep.
bool is_busy_inside(const Task* me) noexcept {
  return me != nullptr && me->syscall_file.load(std::memory_order_relaxed) != nullptr &&
         me->state.load(std::memory_order_relaxed) != TaskState::kInterruptible;
}

void on_cancel_signal(int signal, siginfo_t* info, void* context) {
  const bool sent_by_us = info->si_code == SI_TKILL || info->si_code == SI_QUEUE;
  if (!sent_by_us) return;  // nor does glibc take it
  Task* const me = current_or_null;
  Task* const aimed = aimed_task(*info, me);
  if (info->si_code == SI_QUEUE && aimed == nullptr) return;  // it has ended
  if (aimed != me || is_busy_inside(me)) return keep_for(*aimed, *info);
  siginfo_t plain = *info;
  plain.si_code = SI_TKILL;  // the only one that glibc takes
  next_handler.load(std::memory_order_acquire)(signal, &plain, context);
}

}  // namespace

void cancel_signal_wrap() noexcept {
  KernelAction action{};
  raw_syscall(SYS_rt_sigaction, kWakeSignal, 0, syscall_arg(&action), 8);
  if (action.handler == on_cancel_signal || (action.flags & SA_SIGINFO) == 0) return;
  next_handler.store(action.handler, std::memory_order_release);
  action.handler = on_cancel_signal;
  raw_syscall(SYS_rt_sigaction, kWakeSignal, syscall_arg(&action), 0, 8);
}

bool cancel_signal_wrapped() noexcept {
  return next_handler.load(std::memory_order_relaxed) != nullptr;
}

void cancel_signal_for(siginfo_t& info, Task& task) noexcept {
  info.si_signo = kWakeSignal;
  info.si_code = SI_QUEUE;
  info.si_pid = kernel_pid;
  info.si_value.sival_ptr = &task;
  // The task's memory may be another task's by the time of arrival: its id goes in the place of the
  // sender's user, which nobody looks at.
  info.si_uid = static_cast<uid_t>(task.tid);
}

Task* cancel_signal_task(const siginfo_t& info) noexcept {
  if (info.si_signo != kWakeSignal || info.si_code != SI_QUEUE || info.si_pid != kernel_pid) {
    return nullptr;
  }
  auto* const task = static_cast<Task*>(info.si_value.sival_ptr);
  return static_cast<uid_t>(task->tid) == info.si_uid ? task : nullptr;
}

}  // namespace ums::kernel
