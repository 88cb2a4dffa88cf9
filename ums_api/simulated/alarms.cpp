// SPDX-License-Identifier: Apache-2.0
//
// alarm and setitimer in a simulation: SIGALRM comes in virtual time. The processor's time is real.
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

#include "sim_kernel/simulated/of_process.h"
#include "sim_kernel/simulated/signals.h"
#include "sim_kernel/simulated/virtual_time.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/not_controlled.h"
#include "ums_api/simulated/virtual_clock.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::sched_point;
using ums::kernel::Task;
using ums::kernel::Timer;

constinit NextSymbol<int(int, const itimerval*, itimerval*)> next_setitimer{"setitimer"};
constinit NextSymbol<int(int, itimerval*)> next_getitimer{"getitimer"};
constinit NextSymbol<unsigned(unsigned)> next_alarm{"alarm"};
constinit NextSymbol<useconds_t(useconds_t, useconds_t)> next_ualarm{"ualarm"};

constexpr useconds_t kUsPerSecond = 1'000'000;

void ring(Timer& timer) noexcept;

struct AlarmClock : Timer {
  AlarmClock() : Timer{0, ring, {}} {}

  std::uint64_t interval_ns = 0;
};

UMS_NEVER_DESTROYED ums::kernel::OfProcess<AlarmClock> clock_of_process;

void ring(Timer& timer) noexcept {
  siginfo_t info{};
  info.si_signo = SIGALRM;
  info.si_code = SI_KERNEL;
  const std::uint64_t interval = static_cast<AlarmClock&>(timer).interval_ns;
  if (interval != 0) ums::kernel::timer_restart(timer, interval);
  ums::kernel::send_process_signal(info);
}

timespec as_timespec(const timeval& time) noexcept { return {time.tv_sec, time.tv_usec * 1000}; }

timeval as_timeval(std::uint64_t ns) noexcept {
  return {static_cast<time_t>(ns / kNsPerSecond),
          static_cast<suseconds_t>(ns % kNsPerSecond / 1000)};
}

itimerval now() noexcept {
  if (!clock_of_process->hook.is_linked()) return {as_timeval(clock_of_process->interval_ns), {}};
  const std::uint64_t time = ums::kernel::virtual_time();
  const std::uint64_t deadline = clock_of_process->deadline;
  return {as_timeval(clock_of_process->interval_ns),
          as_timeval(deadline > time ? deadline - time : 1000)};
}

// Returns what was set before.
itimerval set(Task& me, const itimerval& value) noexcept {
  sched_point(me, EventKind::kSignal);
  const itimerval before = now();
  ums::kernel::timer_stop(*clock_of_process);
  clock_of_process->interval_ns = nanoseconds(as_timespec(value.it_interval));
  const timespec span = as_timespec(value.it_value);
  if (nanoseconds(span) != 0) ums::kernel::timer_start(*clock_of_process, deadline_after(span));
  return before;
}

bool is_valid(const timeval& time) noexcept {
  return time.tv_sec >= 0 && time.tv_usec >= 0 && time.tv_usec < static_cast<long>(kUsPerSecond);
}

}  // namespace

UMS_EXPORT int setitimer(int which, const itimerval* value, itimerval* old) noexcept {
  Task* const me = current_simulated();
  if (me != nullptr && which != ITIMER_REAL) not_controlled("setitimer of processor time");
  if (me == nullptr || which != ITIMER_REAL || value == nullptr) {
    return next_setitimer(which, value, old);
  }
  if (!is_valid(value->it_value) || !is_valid(value->it_interval)) {
    errno = EINVAL;
    return -1;
  }
  const itimerval before = set(*me, *value);
  if (old != nullptr) *old = before;
  return 0;
}

UMS_EXPORT int getitimer(int which, itimerval* value) noexcept {
  if (which != ITIMER_REAL || current_simulated() == nullptr) return next_getitimer(which, value);
  *value = now();
  return 0;
}

UMS_EXPORT unsigned alarm(unsigned seconds) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_alarm(seconds);
  const timeval left = set(*me, {{}, {static_cast<time_t>(seconds), 0}}).it_value;
  // LINUX: rounds, and up where that would say that none was set. SIM: the same.
  const bool up = left.tv_usec >= 500'000 || (left.tv_sec == 0 && left.tv_usec > 0);
  return static_cast<unsigned>(left.tv_sec) + (up ? 1 : 0);
}

UMS_EXPORT useconds_t ualarm(useconds_t value, useconds_t interval) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_ualarm(value, interval);
  const timeval left = set(*me, {as_timeval(std::uint64_t{interval} * 1000),
                                 as_timeval(std::uint64_t{value} * 1000)})
                           .it_value;
  return static_cast<useconds_t>(left.tv_sec) * kUsPerSecond +
         static_cast<useconds_t>(left.tv_usec);
}
