// SPDX-License-Identifier: Apache-2.0
//
// Waiting for signals in a simulation: others go on meanwhile. One may also come from outside.
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/simulated/signals.h"
#include "ums_api/simulated/cancellation.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/virtual_clock.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::kNever;
using ums::kernel::raw_syscall;
using ums::kernel::sched_point;
using ums::kernel::syscall_arg;
using ums::kernel::Task;

constinit NextSymbol<int(const sigset_t*, int*)> next_sigwait{"sigwait"};
constinit NextSymbol<int(const sigset_t*, siginfo_t*)> next_sigwaitinfo{"sigwaitinfo"};
constinit NextSymbol<int(const sigset_t*, siginfo_t*, const timespec*)> next_sigtimedwait{
    "sigtimedwait"};
constinit NextSymbol<int(const sigset_t*)> next_sigsuspend{"sigsuspend"};
constinit NextSymbol<int()> next_pause{"pause"};
constinit NextSymbol<int(sigset_t*)> next_sigpending{"sigpending"};
constinit NextSymbol<int(int, const sigset_t*, int)> next_signalfd{"signalfd"};
constinit NextSymbol<int(int, const sigset_t*, sigset_t*)> next_sigmask{"pthread_sigmask"};

std::uint64_t numbers_of(const sigset_t* set) noexcept {
  std::uint64_t numbers = 0;
  std::memcpy(&numbers, set, sizeof numbers);
  return numbers;
}

bool take_from_linux(std::uint64_t numbers, siginfo_t& info) noexcept {
  const timespec at_once = {0, 0};
  return raw_syscall(SYS_rt_sigtimedwait, syscall_arg(&numbers), syscall_arg(&info),
                     syscall_arg(&at_once), 8) > 0;
}

// Whether Linux has one of `*numbers`.
bool is_in_linux(void* numbers) noexcept {
  std::uint64_t waiting = 0;
  raw_syscall(SYS_rt_sigpending, syscall_arg(&waiting), 8);
  return (waiting & *static_cast<const std::uint64_t*>(numbers)) != 0;
}

// Returns the signal's number or -errno.
int wait_for(Task& me, std::uint64_t numbers, std::uint64_t deadline, siginfo_t& info) {
  sched_point(me, EventKind::kWait);
  act_on_cancellation();
  const ums::kernel::OutsideWait wait{is_in_linux, &numbers};
  for (;;) {
    if (ums::kernel::take_signal(me, numbers, info) || take_from_linux(numbers, info)) {
      return info.si_signo;
    }
    me.machine.awaited_signals = numbers;
    const WaitResult result = wait_outside_at_point(me, wait, deadline);
    me.machine.awaited_signals = 0;
    if (result == WaitResult::kTimedOut) return -EAGAIN;
    if (result == WaitResult::kInterrupted && has_handled_signal(me)) return -EINTR;
  }
}

int wait_for(Task& me, const sigset_t* set, std::uint64_t deadline, siginfo_t* info) {
  siginfo_t taken;
  const int signal = wait_for(me, numbers_of(set), deadline, taken);
  if (signal > 0 && info != nullptr) *info = taken;
  if (signal < 0) errno = -signal;
  return signal < 0 ? -1 : signal;
}

bool never(void*) noexcept { return false; }

// Until a handler has run.
int wait_for_handler(Task& me) {
  const ums::kernel::OutsideWait wait{never};
  while (!has_handled_signal(me)) wait_outside_at_point(me, wait);
  errno = EINTR;
  return -1;
}

}  // namespace

UMS_EXPORT int sigwait(const sigset_t* set, int* signal) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_sigwait(set, signal);
  siginfo_t info;
  int result = 0;
  do {
    result = wait_for(*me, numbers_of(set), kNever, info);
  } while (result == -EINTR);
  *signal = result;
  return 0;
}

UMS_EXPORT int sigwaitinfo(const sigset_t* set, siginfo_t* info) {
  Task* const me = current_simulated();
  return me == nullptr ? next_sigwaitinfo(set, info) : wait_for(*me, set, kNever, info);
}

UMS_EXPORT int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* span) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_sigtimedwait(set, info, span);
  if (span != nullptr && !is_valid(*span)) {
    errno = EINVAL;
    return -1;
  }
  return wait_for(*me, set, span != nullptr ? deadline_after(*span) : kNever, info);
}

UMS_EXPORT int pause() {
  Task* const me = current_simulated();
  if (me == nullptr) return next_pause();
  me->machine.wait_end = {};
  sched_point(*me, EventKind::kWait);
  act_on_cancellation();
  return wait_for_handler(*me);
}

UMS_EXPORT int sigsuspend(const sigset_t* mask) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_sigsuspend(mask);
  sched_point(*me, EventKind::kWait);
  act_on_cancellation();
  ums::kernel::signal_masks_may_differ();
  sigset_t old;
  next_sigmask(SIG_SETMASK, mask, &old);
  me->machine.wait_end = {};
  ums::kernel::handle_signals(*me);
  const int result = wait_for_handler(*me);
  next_sigmask(SIG_SETMASK, &old, nullptr);
  return result;
}

UMS_EXPORT int sigpending(sigset_t* set) noexcept {
  const int result = next_sigpending(set);
  Task* const me = result == 0 ? current_simulated() : nullptr;
  if (me == nullptr) return result;
  const std::uint64_t numbers = numbers_of(set) | ums::kernel::waiting_signals(*me);
  std::memcpy(set, &numbers, sizeof numbers);
  return result;
}

UMS_EXPORT int signalfd(int fd, const sigset_t* set, int flags) noexcept {
  const int result = next_signalfd(fd, set, flags);
  if (result >= 0) ums::kernel::signals_have_descriptor(numbers_of(set));
  return result;
}
