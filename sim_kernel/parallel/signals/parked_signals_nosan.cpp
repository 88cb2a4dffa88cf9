// SPDX-License-Identifier: Apache-2.0
//
// Half of this runs on a park stack; see idle_nosan.cpp for what that forbids.
#include "sim_kernel/parallel/signals/parked_signals.h"

#include <linux/membarrier.h>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/idle.h"
#include "sim_kernel/parallel/signals/cancel_signal.h"
#include "sim_kernel/parallel/signals/signal_aim.h"
#include "sim_kernel/parallel/signals/unawaited_signals.h"
#include "sim_kernel/sched/schedule.h"

namespace ums::kernel {

namespace {

constexpr int kFirstRealTime = 34;  // below it Linux, or glibc, keeps one of each number

constexpr std::uint64_t signal_bit(int signal) noexcept { return 1UL << (signal - 1); }

// The kernel thread that runs the task, and that it cannot leave before it has looked at exit_work;
// or 0. A task that is inside the kernel looks on its way out, unless it sleeps there.
pid_t where_running(const Task& task) noexcept {
  if (kSignalsWaitForTasks) return 0;
  const TaskState state = task.state.load(std::memory_order_acquire);
  const bool outside = task.syscall_file.load(std::memory_order_acquire) == nullptr;
  const bool reachable =
      state == TaskState::kInterruptible || (state == TaskState::kRunning && outside);
  return reachable ? __atomic_load_n(&task.cpu, __ATOMIC_RELAXED)->tid : 0;
}

// Sends `info` to kernel thread `tid`. False if the process has too many signals pending
// (RLIMIT_SIGPENDING). Linux lets a thread send any code to itself, and some to others: there a
// plain signal is sent anew.
bool send_to_thread(pid_t tid, const siginfo_t& info) noexcept {
  const int signal = info.si_signo;
  return raw_syscall(SYS_rt_tgsigqueueinfo, kernel_pid, tid, signal, syscall_arg(&info)) == 0 ||
         raw_syscall(SYS_tgkill, kernel_pid, tid, signal) == 0;
}

// As above: what Linux itself sent (SIGCHLD, SIGIO) loses its details.
void send_to_process(const siginfo_t& info) noexcept {
  const int signal = info.si_signo;
  if (raw_syscall(SYS_rt_sigqueueinfo, kernel_pid, signal, syscall_arg(&info)) != 0) {
    raw_syscall(SYS_kill, kernel_pid, signal);
  }
}

// Leaves a signal to this kernel thread's own later look at those that it does not await.
bool put_off(const Cpu& cpu, const siginfo_t& info) noexcept {
  return raw_syscall(SYS_rt_tgsigqueueinfo, kernel_pid, cpu.tid, info.si_signo,
                     syscall_arg(&info)) == 0;
}

// Holds Task::signal_lock, a bare word: a SpinLock's rank is thread-local.
class SignalGuard {
 public:
  explicit SignalGuard(Task& task) noexcept : lock_(task.machine.signal_lock) {
    while (lock_.exchange(true, std::memory_order_acquire)) raw_syscall(SYS_sched_yield);
  }
  ~SignalGuard() { lock_.store(false, std::memory_order_release); }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

 private:
  std::atomic<bool>& lock_;
};

// While this lives no handler runs on the calling kernel thread, which might find the lock held.
class NoHandlers {
 public:
  NoHandlers() noexcept {
    const std::uint64_t all = ~0UL;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&all), syscall_arg(&mask_), 8);
  }
  ~NoHandlers() { raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&mask_), 0, 8); }
  NoHandlers(const NoHandlers&) = delete;
  NoHandlers& operator=(const NoHandlers&) = delete;

 private:
  std::uint64_t mask_ = 0;
};

// LINUX: of a number below the real-time signals one is pending at a time, the first; others queue,
// but for those of a timer, which is pending once and counts. SIM: the same. A plain one of the
// former needs no slot, and one that finds none is kept without what it carries.
void keep_locked(Task& task, const siginfo_t& info) noexcept {
  const bool merges = info.si_signo < kFirstRealTime;
  const std::uint64_t bit = signal_bit(info.si_signo);
  const bool is_kept = (task.machine.pending_signals & bit) != 0 ||
                       task.machine.queued_signals.contains(info.si_signo);
  if (merges && is_kept) return;
  if (info.si_code == SI_TIMER && task.machine.queued_signals.count_overrun(info)) return;
  const bool plain = merges && (info.si_code == SI_TKILL || info.si_signo == kWakeSignal);
  if (plain || !task.machine.queued_signals.push(info)) task.machine.pending_signals |= bit;
  task.exit_work.fetch_or(kExitSignals, std::memory_order_release);
}

std::uint64_t kept_locked(const Task& task) noexcept {
  return task.machine.pending_signals | task.machine.queued_signals.numbers();
}

// One that is kept.
siginfo_t take_locked(Task& task, int signal) noexcept {
  if ((task.machine.pending_signals & signal_bit(signal)) == 0) {
    return task.machine.queued_signals.take(signal);
  }
  task.machine.pending_signals &= ~signal_bit(signal);
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = SI_TKILL;
  info.si_pid = kernel_pid;
  info.si_uid = static_cast<uid_t>(raw_syscall(SYS_getuid));
  return info;
}

bool send_queued_locked(SignalQueue& queue, pid_t tid) noexcept {
  for (; !queue.empty(); queue.pop()) {
    if (!send_to_thread(tid, queue.front())) return false;
  }
  return true;
}

// Sends one of the plain ones. The cancellation signal names its task, since another may run on
// `tid` by the time it arrives.
bool send_plain(Task& task, pid_t tid, int signal) noexcept {
  if (signal != kWakeSignal || !cancel_signal_wrapped()) {
    return raw_syscall(SYS_tgkill, kernel_pid, tid, signal) == 0;
  }
  siginfo_t info{};
  cancel_signal_for(info, task);
  return raw_syscall(SYS_rt_tgsigqueueinfo, kernel_pid, tid, signal, syscall_arg(&info)) == 0;
}

bool send_plain_locked(Task& task, pid_t tid) noexcept {
  for (; task.machine.pending_signals != 0;
       task.machine.pending_signals &= task.machine.pending_signals - 1) {
    if (!send_plain(task, tid, __builtin_ctzl(task.machine.pending_signals) + 1)) return false;
  }
  return true;
}

// Sends everything that is kept for `task` to kernel thread `tid`. What Linux does not take for the
// moment stays, to be raised when the task leaves the kernel next.
void send_kept_locked(Task& task, pid_t tid) noexcept {
  task.exit_work.fetch_and(~std::uint32_t{kExitSignals}, std::memory_order_relaxed);
  const bool all_plain = send_plain_locked(task, tid);
  const bool all_queued = send_queued_locked(task.machine.queued_signals, tid);
  if (!all_plain || !all_queued) {
    task.exit_work.fetch_or(kExitSignals, std::memory_order_release);
  }
}

}  // namespace

void signal_task(Task& task, const siginfo_t& info) noexcept {
  SignalGuard guard(task);
  keep_locked(task, info);
  const std::uint32_t before = task.exit_work.fetch_or(kExitSignalSent, std::memory_order_relaxed);
  // After the barrier either the task sees exit_work as it enters or leaves the kernel, or this
  // sees it outside. Where this is its own kernel thread it is about to run there and look.
  raw_syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0);
  const pid_t tid = where_running(task);
  if (tid != 0 && tid != raw_syscall(SYS_gettid)) return send_kept_locked(task, tid);
  // Of one that was sent before, and may be on its way.
  if ((before & kExitSignalSent) != 0) return;
  task.exit_work.fetch_and(~std::uint32_t{kExitSignalSent}, std::memory_order_relaxed);
}

void pass_on_parked_signal(Cpu& cpu, const siginfo_t& info) noexcept {
  const SignalAim aim = signal_aim(info);
  // Nobody but glibc handles it, which ignores what a thread of this process has not sent.
  if (aim == SignalAim::kProcess && info.si_signo == kWakeSignal) return;
  if (aim != SignalAim::kThread) await_no_more(cpu, info.si_signo);
  if (aim == SignalAim::kProcess) return send_to_process(info);
  if (aim == SignalAim::kUnknown && put_off(cpu, info)) return;
  Task* const named = cancel_signal_task(info);
  signal_task(named != nullptr ? *named : *cpu.home_task, info);
}

void raise_pending_signals(Task& task) {
  // No handler may run while the lock is held; all run when the mask is restored.
  const std::uint64_t all = ~0UL;
  std::uint64_t mask = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&all), syscall_arg(&mask), 8);
  {
    SignalGuard guard(task);  // whoever sends something has sent it now
    task.exit_work.fetch_and(~std::uint32_t{kExitSignalSent}, std::memory_order_relaxed);
    send_kept_locked(task, task.cpu->tid);
  }
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&mask), 0, 8);
}

void keep_signal(Task& task, const siginfo_t& info) noexcept {
  const NoHandlers no_handlers;
  const SignalGuard guard(task);
  keep_locked(task, info);
}

std::uint64_t kept_signals(Task& task) noexcept {
  const NoHandlers no_handlers;
  const SignalGuard guard(task);
  return kept_locked(task);
}

bool take_kept_signal(Task& task, std::uint64_t numbers, siginfo_t& info) noexcept {
  const NoHandlers no_handlers;
  const SignalGuard guard(task);
  const std::uint64_t found = kept_locked(task) & numbers;
  if (found != 0) info = take_locked(task, __builtin_ctzl(found) + 1);
  if (kept_locked(task) == 0) {
    task.exit_work.fetch_and(~std::uint32_t{kExitSignals}, std::memory_order_relaxed);
  }
  return found != 0;
}

int pending_signal_count(Task& task) noexcept {
  SignalGuard guard(task);
  return __builtin_popcountl(task.machine.pending_signals) +
         static_cast<int>(task.machine.queued_signals.size());
}

void drop_pending_signals(Task& task) noexcept { task.machine.queued_signals.release(); }

}  // namespace ums::kernel
