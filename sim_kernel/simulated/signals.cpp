// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/signals.h"

#include <atomic>
#include <ctime>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/idle.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/parallel/signals/parked_signals.h"
#include "sim_kernel/simulated/interrupt.h"
#include "sim_kernel/simulated/races/happens_before.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

namespace {

constexpr int kFirstRealTime = 34;

bool masks_differ = false;
std::uint64_t mask_of_carrier = 0;  // when the last task has left it
SignalQueue of_process;             // that nobody has taken
std::uint64_t of_descriptors = 0;   // the numbers that signalfds tell of

// From outside. Handlers push to it: whoever touches it has all signals blocked.
SignalQueue arrived;
std::atomic<bool> any_arrived{false};

bool carrier_is_blocked = false;

// But for the one that asks where a program hangs (ums_api/program/child_watch.h).
constexpr std::uint64_t kAllSignals = ~(std::uint64_t{1} << (SIGSTKFLT - 1));

// The signal whose handler handle_signals is about to call; for that handler.
constinit std::atomic<int> delivered{0};

std::uint64_t current_mask() noexcept {
  std::uint64_t mask = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, 0, syscall_arg(&mask), 8);
  return mask;
}

// Returns the mask until then.
std::uint64_t block_all() noexcept {
  std::uint64_t mask = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&kAllSignals), syscall_arg(&mask), 8);
  return mask;
}

std::uint64_t mask_of(const Task& task) noexcept {
  const bool is_in_linux = &task == current_or_null && !carrier_is_blocked;
  return is_in_linux ? current_mask() : task.machine.signal_mask;
}

// Linux's own struct sigaction.
struct Action {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  std::uint64_t mask;

  bool is_handler() const noexcept { return handler != SIG_DFL && handler != SIG_IGN; }
};

Action action_of(int signal) noexcept {
  Action action{};
  raw_syscall(SYS_rt_sigaction, signal, 0, syscall_arg(&action), 8);
  return action;
}

bool is_ignored(int signal) noexcept {
  const Action action = action_of(signal);
  if (action.handler == SIG_IGN) return true;
  const bool is_ignored_by_default =
      signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH || signal == SIGCONT;
  return action.handler == SIG_DFL && is_ignored_by_default;
}

// LINUX: also one that is ignored is kept while it is blocked. SIM: the same.
bool wants(const Task& task, int signal) noexcept {
  const std::uint64_t bit = signal_bit_of(signal);
  return (task.machine.awaited_signals & bit) != 0 || (mask_of(task) & bit) == 0;
}

// The one with the lowest number that wants it, or null.
Task* taker_of(int signal) noexcept {
  const KernelSection section;
  struct Search {
    int signal;
    Task* found;
  } search{signal, nullptr};
  for_each_task(
      [](Task& task, void* argument) {
        auto& wanted = *static_cast<Search*>(argument);
        if (!is_simulated(task) || task.machine.is_bystander) return;
        if (!goes_on_by_itself(task) || !wants(task, wanted.signal)) return;
        if (wanted.found != nullptr && wanted.found->machine.number < task.machine.number) return;
        wanted.found = &task;
      },
      &search);
  return search.found;
}

Task* worker_of(const Task& scheduler) noexcept {
  const KernelSection section;
  struct Search {
    const Task& scheduler;
    Task* found;
  } search{scheduler, nullptr};
  for_each_task(
      [](Task& task, void* argument) {
        auto& wanted = *static_cast<Search*>(argument);
        if (is_simulated(task) && task.resumer == &wanted.scheduler) wanted.found = &task;
      },
      &search);
  return search.found;
}

// A scheduler runs its worker on its own kernel thread elsewhere, and what is sent to it interrupts
// the worker.
Task& who_runs_for(Task& task) noexcept {
  Task* runs = &task;
  while (runs->state.load(std::memory_order_relaxed) == TaskState::kExecuting) {
    Task* const worker = worker_of(*runs);
    if (worker == nullptr) break;
    runs = worker;
  }
  return *runs;
}

void send_to_carrier(const Task& me, const siginfo_t& info) noexcept {
  const pid_t tid = me.cpu->tid;
  if (raw_syscall(SYS_rt_tgsigqueueinfo, kernel_pid, tid, info.si_signo, syscall_arg(&info)) != 0) {
    raw_syscall(SYS_tgkill, kernel_pid, tid, info.si_signo);
  }
}

// The handler runs in this call.
void deliver(const Task& me, const siginfo_t& info) {
  delivered.store(info.si_signo, std::memory_order_relaxed);
  send_to_carrier(me, info);
  delivered.store(0, std::memory_order_relaxed);  // where nobody has handled it
}

// Whoever is on the carrier next blocks it too, or would be one who takes it.
bool is_for_descriptors(int signal) noexcept {
  if (!signal_has_descriptor(signal) || current_or_null == nullptr) return false;
  const bool is_blocked = (mask_of(*current_or_null) & signal_bit_of(signal)) != 0;
  return is_blocked && taker_of(signal) == nullptr;
}

// Linux has it for the carrier, and so for all tasks: what it has for the process, kernel threads
// take that are parked (idle.h).
void leave_to_linux(const siginfo_t& info) noexcept { send_to_carrier(*current_or_null, info); }

}  // namespace

void signals_have_descriptor(std::uint64_t numbers) noexcept {
  of_descriptors |= numbers;
  if (current_or_null == nullptr || !is_simulated(*current_or_null)) return;
  siginfo_t info;
  while (take_signal(*current_or_null, signals_for_descriptors(), info)) leave_to_linux(info);
}

bool signal_has_descriptor(int signal) noexcept {
  return (of_descriptors & signal_bit_of(signal)) != 0;
}

std::uint64_t signals_for_descriptors() noexcept {
  std::uint64_t numbers = 0;
  for (std::uint64_t rest = of_descriptors; rest != 0; rest &= rest - 1) {
    const int signal = __builtin_ctzl(rest) + 1;
    if (is_for_descriptors(signal)) numbers |= signal_bit_of(signal);
  }
  return numbers;
}

void send_signal(Task& named, const siginfo_t& info) noexcept {
  Task& task = who_runs_for(named);
  const bool wanted = wants(task, info.si_signo);
  if (wanted && (task.machine.awaited_signals & signal_bit_of(info.si_signo)) == 0 &&
      is_ignored(info.si_signo)) {
    return;
  }
  masks_differ = true;  // in handlers
  if (!wanted && is_for_descriptors(info.si_signo)) return leave_to_linux(info);
  if (current_or_null != nullptr) happens_before(*current_or_null, &task.machine.signal_mask);
  keep_signal(task, info);
  if (wanted) interrupt(task);
}

void send_process_signal(const siginfo_t& info) noexcept {
  Task* const task = taker_of(info.si_signo);
  if (task != nullptr) return send_signal(*task, info);
  if (is_for_descriptors(info.si_signo)) return leave_to_linux(info);
  const bool merges = info.si_signo < kFirstRealTime;
  if (merges && of_process.contains(info.si_signo)) return;
  if (current_or_null != nullptr) happens_before(*current_or_null, &of_process);
  static_cast<void>(of_process.push(info));  // without memory it is lost
}

CarrierSignalsBlocked::CarrierSignalsBlocked() noexcept {
  std::uint64_t& mask = current_or_null->machine.signal_mask;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&kAllSignals), syscall_arg(&mask), 8);
  carrier_is_blocked = true;
}

CarrierSignalsBlocked::~CarrierSignalsBlocked() {
  const std::uint64_t& mask = current_or_null->machine.signal_mask;
  carrier_is_blocked = false;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&mask), 0, 8);
}

bool signal_arrived(const siginfo_t& info) noexcept {
  if (delivered.load(std::memory_order_relaxed) == info.si_signo) {
    delivered.store(0, std::memory_order_relaxed);
    return false;
  }
  const Task* const me = current_or_null;
  if (me == nullptr || !is_simulated(*me)) return false;
  const std::uint64_t mask = block_all();
  const bool is_noted = arrived.push(info);
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&mask), 0, 8);
  if (is_noted) any_arrived.store(true, std::memory_order_relaxed);
  return is_noted;
}

void take_arrived_signals() noexcept {
  if (!any_arrived.load(std::memory_order_relaxed)) return;
  const CarrierSignalsBlocked blocked;
  any_arrived.store(false, std::memory_order_relaxed);
  for (; !arrived.empty(); arrived.pop()) send_process_signal(arrived.front());
}

bool take_signal(Task& me, std::uint64_t numbers, siginfo_t& info) noexcept {
  if (take_kept_signal(me, numbers, info)) {
    happens_after(me, &me.machine.signal_mask);
    return true;
  }
  const std::uint64_t found = of_process.numbers() & numbers;
  if (found == 0) return false;
  info = of_process.take(__builtin_ctzl(found) + 1);
  happens_after(me, &of_process);
  return true;
}

std::uint64_t waiting_signals(Task& me) noexcept { return kept_signals(me) | of_process.numbers(); }

// What the task has announced, and how its wait has ended, are kept over handlers, which may make
// calls of their own.
void handle_signals(Task& me) {
  WaitEnd end = me.machine.wait_end;
  const Event next = me.machine.next;
  siginfo_t info;
  while (take_signal(me, ~current_mask() & ~me.machine.awaited_signals, info)) {
    if (info.si_signo == kWakeSignal) continue;  // see cancellation.h of the library
    const Action action = action_of(info.si_signo);
    end.handled |= action.is_handler();
    end.restarts &= !action.is_handler() || (action.flags & SA_RESTART) != 0;
    deliver(me, info);
  }
  me.machine.wait_end = end;
  announce_again(me, next);
}

void signal_masks_may_differ() noexcept { masks_differ = true; }

void inherit_signal_mask(Task& task) noexcept { task.machine.signal_mask = current_mask(); }

void save_signal_mask(Task& me) noexcept {
  if (!masks_differ) return;
  mask_of_carrier = current_mask();
  me.machine.signal_mask = mask_of_carrier;
}

void restore_signal_mask(Task& me) noexcept {
  if (!masks_differ || mask_of_carrier == me.machine.signal_mask) return;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&me.machine.signal_mask), 0, 8);
}

void signals_reset() noexcept {
  masks_differ = false;
  of_process.release();
  const CarrierSignalsBlocked blocked;
  arrived.release();
  const timespec at_once = {0, 0};
  while (raw_syscall(SYS_rt_sigtimedwait, syscall_arg(&of_descriptors), 0, syscall_arg(&at_once),
                     8) > 0) {
  }
}

}  // namespace ums::kernel
