// SPDX-License-Identifier: Apache-2.0
//
// timer_create and its family in a simulation: their signals come in virtual time.
// LIMIT: those that call a function in a thread (SIGEV_THREAD), or count a processor's time, are
// real. A signal that has not been taken yet is not sent again, and overruns are not counted.
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/parent_from_member.hpp>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "sim_kernel/mm/slab.h"
#include "sim_kernel/simulated/find_task.h"
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

constinit NextSymbol<int(clockid_t, sigevent*, timer_t*)> next_create{"timer_create"};
constinit NextSymbol<int(timer_t)> next_delete{"timer_delete"};
constinit NextSymbol<int(timer_t, int, const itimerspec*, itimerspec*)> next_settime{
    "timer_settime"};
constinit NextSymbol<int(timer_t, itimerspec*)> next_gettime{"timer_gettime"};
constinit NextSymbol<int(timer_t)> next_getoverrun{"timer_getoverrun"};

struct SignalTimer {
  int number;
  clockid_t clock;
  sigevent event;
  Timer timer;
  std::uint64_t interval_ns;
  boost::intrusive::list_member_hook<> hook;
};

constinit ums::kernel::ObjectCache<SignalTimer> signal_timers{"signal_timer"};

using SignalTimers = boost::intrusive::list<
    SignalTimer, boost::intrusive::member_hook<SignalTimer, boost::intrusive::list_member_hook<>,
                                               &SignalTimer::hook>>;

UMS_NEVER_DESTROYED ums::kernel::OfProcess<SignalTimers> known;
int last_number = 0;

siginfo_t info_of(const SignalTimer& timer) noexcept {
  siginfo_t info{};
  info.si_signo = timer.event.sigev_signo;
  info.si_code = SI_TIMER;
  info.si_timerid = timer.number;
  info.si_value = timer.event.sigev_value;
  return info;
}

void send(const SignalTimer& timer) noexcept {
  if (timer.event.sigev_notify == SIGEV_NONE) return;
  if (timer.event.sigev_notify == SIGEV_SIGNAL) {
    return ums::kernel::send_process_signal(info_of(timer));
  }
  Task* const task = ums::kernel::simulated_task_of(timer.event._sigev_un._tid);
  if (task != nullptr) ums::kernel::send_signal(*task, info_of(timer));
}

void expire(Timer& expired) noexcept {
  using boost::intrusive::get_parent_from_member;
  SignalTimer& timer = *get_parent_from_member(&expired, &SignalTimer::timer);
  if (timer.interval_ns != 0) ums::kernel::timer_restart(expired, timer.interval_ns);
  send(timer);
}

// One of the simulation, or null: it is the C library's.
SignalTimer* find(timer_t handle) noexcept {
  for (SignalTimer& timer : *known) {
    if (&timer == handle) return &timer;
  }
  return nullptr;
}

bool is_ours(clockid_t clock, const sigevent* event) noexcept {
  const bool is_wall_clock = clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
                             clock == CLOCK_BOOTTIME || clock == CLOCK_TAI;
  return is_wall_clock && (event == nullptr || event->sigev_notify != SIGEV_THREAD);
}

int create(clockid_t clock, const sigevent* event, timer_t* handle) noexcept {
  SignalTimer* const timer = signal_timers.create();
  if (timer == nullptr) {
    errno = EAGAIN;
    return -1;
  }
  timer->number = ++last_number;
  timer->clock = clock;
  timer->timer.expire = expire;
  if (event != nullptr) timer->event = *event;
  if (event == nullptr) {
    timer->event.sigev_notify = SIGEV_SIGNAL;
    timer->event.sigev_signo = SIGALRM;
    timer->event.sigev_value.sival_ptr = timer;
  }
  known->push_back(*timer);
  *handle = timer;
  return 0;
}

timespec as_timespec(std::uint64_t ns) noexcept {
  return {static_cast<time_t>(ns / kNsPerSecond), static_cast<long>(ns % kNsPerSecond)};
}

itimerspec state_of(const SignalTimer& timer) noexcept {
  itimerspec state{as_timespec(timer.interval_ns), {}};
  if (!timer.timer.hook.is_linked()) return state;
  state.it_value = time_until(timer.timer.deadline);
  if (nanoseconds(state.it_value) == 0) state.it_value.tv_nsec = 1;  // it is about to expire
  return state;
}

void set(SignalTimer& timer, bool is_absolute, const itimerspec& value) noexcept {
  ums::kernel::timer_stop(timer.timer);
  timer.interval_ns = nanoseconds(value.it_interval);
  if (nanoseconds(value.it_value) == 0) return;
  ums::kernel::timer_start(timer.timer, is_absolute ? deadline_of(timer.clock, value.it_value)
                                                    : deadline_after(value.it_value));
}

}  // namespace

UMS_EXPORT int timer_create(clockid_t clock, sigevent* event, timer_t* handle) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr || !is_ours(clock, event)) {
    if (me != nullptr) not_controlled("timer_create of SIGEV_THREAD, or of processor time,");
    return next_create(clock, event, handle);
  }
  return create(clock, event, handle);
}

UMS_EXPORT int timer_delete(timer_t handle) noexcept {
  SignalTimer* const timer = find(handle);
  if (timer == nullptr) return next_delete(handle);
  ums::kernel::timer_stop(timer->timer);
  known->erase(known->iterator_to(*timer));
  signal_timers.destroy(timer);
  return 0;
}

UMS_EXPORT int timer_settime(timer_t handle, int flags, const itimerspec* value,
                             itimerspec* old) noexcept {
  Task* const me = current_simulated();
  if (me != nullptr) sched_point(*me, EventKind::kSignal);
  SignalTimer* const timer = find(handle);
  if (timer == nullptr) return next_settime(handle, flags, value, old);
  if (!is_valid(value->it_value) || !is_valid(value->it_interval)) {
    errno = EINVAL;
    return -1;
  }
  const itimerspec before = state_of(*timer);
  set(*timer, (flags & TIMER_ABSTIME) != 0, *value);
  if (old != nullptr) *old = before;
  return 0;
}

UMS_EXPORT int timer_gettime(timer_t handle, itimerspec* value) noexcept {
  const SignalTimer* const timer = find(handle);
  if (timer == nullptr) return next_gettime(handle, value);
  *value = state_of(*timer);
  return 0;
}

UMS_EXPORT int timer_getoverrun(timer_t handle) noexcept {
  return find(handle) == nullptr ? next_getoverrun(handle) : 0;
}
