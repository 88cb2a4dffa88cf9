// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/signals/signal_mask.h"

#include <atomic>
#include <csignal>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/idle.h"

namespace ums::kernel {

namespace {

constexpr std::uint64_t signal_bit(int signal) noexcept { return 1UL << (signal - 1); }

// No call blocks these: Linux leaves out two, the C library its own, of cancellation and setuid.
constexpr std::uint64_t kNeverBlocked =
    signal_bit(SIGKILL) | signal_bit(SIGSTOP) | signal_bit(kWakeSignal) | signal_bit(33);

std::atomic<bool> changes_noted{false};

std::uint64_t current_mask() noexcept {
  std::uint64_t mask = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, 0, syscall_arg(&mask), 8);
  return mask;
}

void set_mask(std::uint64_t mask) {
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&mask), 0, 8);
}

std::uint64_t changed_mask(int how, std::uint64_t set, std::uint64_t before) noexcept {
  switch (how) {
    case SIG_BLOCK:
      return before | set;
    case SIG_UNBLOCK:
      return before & ~set;
    case SIG_SETMASK:
      return set;
    default:  // EINVAL
      return before;
  }
}

// The Cpu whose mask the caller changes as its home task, if workers may run there; else null.
// The child of a vfork has the same memory and is somebody else.
Cpu* own_cpu() noexcept {
  Task* const me = current_or_null;
  if (me == nullptr || me->cpu != &me->machine.home) return nullptr;
  if (me->module_roles.load(std::memory_order_relaxed) == 0) return nullptr;
  return raw_syscall(SYS_gettid) == me->cpu->tid ? me->cpu : nullptr;
}

}  // namespace

void signal_masks_are_noted() noexcept { changes_noted.store(true, std::memory_order_relaxed); }

void note_signal_mask_change(int how, std::uint64_t set) noexcept {
  Cpu* const cpu = own_cpu();
  if (cpu == nullptr) return;
  const std::uint64_t before = current_mask();
  const std::uint64_t after = changed_mask(how, set, before);
  const std::uint64_t changed = (before ^ after) & ~kNeverBlocked;
  cpu->signal_mask = (cpu->signal_mask & ~changed) | (after & changed);
}

void learn_signal_mask(Task& me) noexcept {
  if (me.cpu == &me.machine.home) me.machine.home.signal_mask = current_mask();
}

void block_all_signals(Task& me) noexcept {
  const std::uint64_t all = ~0UL;
  std::uint64_t before = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&all), syscall_arg(&before), 8);
  const bool known = me.cpu != &me.machine.home && changes_noted.load(std::memory_order_relaxed);
  if (!known) me.cpu->signal_mask = before;
}

void restore_signal_mask_on_exit(Task& me) {
  const std::uint32_t work = kExitMask | kExitUnblock;
  const std::uint32_t asked = me.exit_work.fetch_and(~work, std::memory_order_relaxed);
  const bool was_idle = (asked & kExitUnblock) != 0;
  if (was_idle || changes_noted.load(std::memory_order_relaxed)) {
    return set_mask(me.cpu->signal_mask);
  }
  const std::uint64_t cancellation = signal_bit(kWakeSignal);
  raw_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, syscall_arg(&cancellation), 0, 8);
}

}  // namespace ums::kernel
