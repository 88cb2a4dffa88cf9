// SPDX-License-Identifier: Apache-2.0
//
// Read-write locks in a simulation: the C library's own, but that who would block gives up the
// processor. A release lets all who wait try again, in the order that is chosen.
#include <pthread.h>

#include "ums_api/simulated/acquire.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::happens_after;
using ums::kernel::happens_before;
using ums::kernel::kNever;
using ums::kernel::sched_point;
using ums::kernel::Task;

using Lock = NextSymbol<int(pthread_rwlock_t*)>;
using TimedLock = NextSymbol<int(pthread_rwlock_t*, const timespec*)>;
using ClockLock = NextSymbol<int(pthread_rwlock_t*, clockid_t, const timespec*)>;

constinit Lock next_read{"pthread_rwlock_rdlock"};
constinit Lock next_try_read{"pthread_rwlock_tryrdlock"};
constinit TimedLock next_timed_read{"pthread_rwlock_timedrdlock"};
constinit ClockLock next_clock_read{"pthread_rwlock_clockrdlock"};
constinit Lock next_write{"pthread_rwlock_wrlock"};
constinit Lock next_try_write{"pthread_rwlock_trywrlock"};
constinit TimedLock next_timed_write{"pthread_rwlock_timedwrlock"};
constinit ClockLock next_clock_write{"pthread_rwlock_clockwrlock"};
constinit Lock next_unlock{"pthread_rwlock_unlock"};

Wanted wanted(const pthread_rwlock_t* rwlock) noexcept {
  return {rwlock, false, &rwlock->__data.__cur_writer};
}

bool is_writer(const Task& me, const pthread_rwlock_t* rwlock) noexcept {
  return rwlock->__data.__cur_writer == me.machine.home.tid;
}

// What readers have done happens before what the next writer does, but not before other readers:
// an address of their own (happens_before.h).
const void* order_of_readers(const pthread_rwlock_t* rwlock) noexcept {
  return reinterpret_cast<const char*>(rwlock) + 1;
}

int take(Task& me, Lock& attempt, pthread_rwlock_t* rwlock) {
  const int error = attempt(rwlock);
  if (error == 0 && is_writer(me, rwlock)) happens_after(me, order_of_readers(rwlock));
  return error;
}

// The writer would wait for itself, which its try functions do not say.
int take_or_refuse(Task& me, Lock& attempt, pthread_rwlock_t* rwlock) {
  return is_writer(me, rwlock) ? EDEADLK : take(me, attempt, rwlock);
}

int lock(Lock& next, Lock& attempt, pthread_rwlock_t* rwlock) {
  Task* const me = current_simulated();
  if (me == nullptr) return next(rwlock);
  return acquire(*me, wanted(rwlock), kNever, [&] { return take_or_refuse(*me, attempt, rwlock); });
}

int try_lock(Lock& attempt, pthread_rwlock_t* rwlock) {
  Task* const me = current_simulated();
  if (me == nullptr) return attempt(rwlock);
  sched_point(*me, EventKind::kTryLock, rwlock);
  return taken(*me, take(*me, attempt, rwlock), rwlock);
}

int lock_until(Task& me, Lock& attempt, pthread_rwlock_t* rwlock, clockid_t clock,
               const timespec* time) {
  return acquire_until(me, wanted(rwlock), clock, time,
                       [&] { return take_or_refuse(me, attempt, rwlock); });
}

int timed_lock(TimedLock& next, Lock& attempt, pthread_rwlock_t* rwlock, const timespec* time) {
  Task* const me = current_simulated();
  if (me == nullptr) return next(rwlock, time);
  return lock_until(*me, attempt, rwlock, CLOCK_REALTIME, time);
}

int clock_lock(ClockLock& next, Lock& attempt, pthread_rwlock_t* rwlock, clockid_t clock,
               const timespec* time) {
  Task* const me = current_simulated();
  if (me == nullptr) return next(rwlock, clock, time);
  return lock_until(*me, attempt, rwlock, clock, time);
}

}  // namespace

UMS_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t* rwlock) noexcept {
  return lock(next_read, next_try_read, rwlock);
}

UMS_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t* rwlock) noexcept {
  return try_lock(next_try_read, rwlock);
}

UMS_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t* rwlock, const timespec* time) noexcept {
  return timed_lock(next_timed_read, next_try_read, rwlock, time);
}

UMS_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t* rwlock, clockid_t clock,
                                          const timespec* time) noexcept {
  return clock_lock(next_clock_read, next_try_read, rwlock, clock, time);
}

UMS_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t* rwlock) noexcept {
  return lock(next_write, next_try_write, rwlock);
}

UMS_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t* rwlock) noexcept {
  return try_lock(next_try_write, rwlock);
}

UMS_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t* rwlock, const timespec* time) noexcept {
  return timed_lock(next_timed_write, next_try_write, rwlock, time);
}

UMS_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t* rwlock, clockid_t clock,
                                          const timespec* time) noexcept {
  return clock_lock(next_clock_write, next_try_write, rwlock, clock, time);
}

UMS_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t* rwlock) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_unlock(rwlock);
  sched_point(*me, EventKind::kUnlock, rwlock);
  happens_before(*me, is_writer(*me, rwlock) ? rwlock : order_of_readers(rwlock));
  const int error = next_unlock(rwlock);
  if (error == 0) ums::kernel::futex_wake(rwlock, ums::kernel::kEverybody);
  return error;
}
