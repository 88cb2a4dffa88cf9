// SPDX-License-Identifier: Apache-2.0
//
// Condition variables in a simulation. Nothing is kept in the program's pthread_cond_t but what
// pthread_cond_init has put there: who waits, waits for its address.
//
// Who waits longest is woken first, and nobody without cause. Who is cancelled has the mutex again
// when it is unwound; a call that has woken it before is not lost, and it returns.
#include <pthread.h>

#include "ums_api/simulated/acquire.h"
#include "ums_api/simulated/mutexes.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::kNever;
using ums::kernel::sched_point;
using ums::kernel::Task;

constinit NextSymbol<int(pthread_cond_t*, pthread_mutex_t*)> next_wait{"pthread_cond_wait"};
constinit NextSymbol<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)> next_timedwait{
    "pthread_cond_timedwait"};
constinit NextSymbol<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>
    next_clockwait{"pthread_cond_clockwait"};
constinit NextSymbol<int(pthread_cond_t*)> next_signal{"pthread_cond_signal"};
constinit NextSymbol<int(pthread_cond_t*)> next_broadcast{"pthread_cond_broadcast"};

// The clock that pthread_condattr_setclock has chosen.
clockid_t clock_of(const pthread_cond_t* condition) noexcept {
  constexpr unsigned kMonotonicBit = 2;
  return (condition->__data.__wrefs & kMonotonicBit) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

// Nobody runs between the release of the mutex and the wait: it is one step.
int wait(Task& me, pthread_cond_t* condition, pthread_mutex_t* mutex, std::uint64_t deadline) {
  sched_point(me, EventKind::kWait, condition);
  act_on_cancellation();
  const int error = unlock_at_once(mutex);
  if (error != 0) return error;
  const WaitResult result = wait_cancellably(me, condition, deadline);
  const int locked = pthread_mutex_lock(mutex);
  if (result == WaitResult::kInterrupted) act_on_cancellation();
  if (locked != 0) return locked;
  return result == WaitResult::kTimedOut ? ETIMEDOUT : 0;
}

int wait_until(Task& me, pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
               const timespec* time) {
  if (!is_valid(*time)) return EINVAL;
  return wait(me, condition, mutex, deadline_of(clock, *time));
}

int wake(Task& me, pthread_cond_t* condition, int count) {
  sched_point(me, EventKind::kWake, condition);
  ums::kernel::futex_wake(condition, count);
  return 0;
}

}  // namespace

UMS_EXPORT int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_wait(condition, mutex);
  return wait(*me, condition, mutex, kNever);
}

UMS_EXPORT int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                      const timespec* time) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_timedwait(condition, mutex, time);
  return wait_until(*me, condition, mutex, clock_of(condition), time);
}

UMS_EXPORT int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                      clockid_t clock, const timespec* time) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_clockwait(condition, mutex, clock, time);
  return wait_until(*me, condition, mutex, clock, time);
}

UMS_EXPORT int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  Task* const me = current_simulated();
  return me == nullptr ? next_signal(condition) : wake(*me, condition, 1);
}

UMS_EXPORT int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  Task* const me = current_simulated();
  return me == nullptr ? next_broadcast(condition) : wake(*me, condition, ums::kernel::kEverybody);
}
