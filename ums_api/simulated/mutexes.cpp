// SPDX-License-Identifier: Apache-2.0
//
// Mutexes in a simulation: the C library's own, but that who would block gives up the processor.
// Their type, owner and count stay where the C library keeps them.
#include "ums_api/simulated/mutexes.h"

#include "ums_api/simulated/acquire.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::kNever;
using ums::kernel::sched_point;
using ums::kernel::Task;

constinit NextSymbol<int(pthread_mutex_t*)> next_lock{"pthread_mutex_lock"};
constinit NextSymbol<int(pthread_mutex_t*)> next_trylock{"pthread_mutex_trylock"};
constinit NextSymbol<int(pthread_mutex_t*)> next_unlock{"pthread_mutex_unlock"};
constinit NextSymbol<int(pthread_mutex_t*, const timespec*)> next_timedlock{
    "pthread_mutex_timedlock"};
constinit NextSymbol<int(pthread_mutex_t*, clockid_t, const timespec*)> next_clocklock{
    "pthread_mutex_clocklock"};

// One that checks for errors tells its owner so, which its try function does not.
bool is_own(const Task& me, const pthread_mutex_t* mutex) noexcept {
  constexpr int kTypeBits = 3;
  return (mutex->__data.__kind & kTypeBits) == PTHREAD_MUTEX_ERRORCHECK_NP &&
         mutex->__data.__owner == me.machine.home.tid;
}

Wanted wanted(const Task& me, const pthread_mutex_t* mutex) noexcept {
  const bool is_taken = mutex->__data.__lock != 0 && mutex->__data.__owner != me.machine.home.tid;
  return {mutex, is_taken, &mutex->__data.__owner};
}

// Who takes it holds off who is about to: they could not.
int take(const Task& me, pthread_mutex_t* mutex) {
  if (is_own(me, mutex)) return EDEADLK;
  const int error = next_trylock(mutex);
  if (error == 0) ums::kernel::hold_off_lockers(mutex);
  return error;
}

int lock_until(Task& me, pthread_mutex_t* mutex, clockid_t clock, const timespec* time) {
  return acquire_until(me, wanted(me, mutex), clock, time, [&] { return take(me, mutex); });
}

}  // namespace

int ums::api::unlock_at_once(pthread_mutex_t* mutex) noexcept {
  return released(next_unlock(mutex), mutex);
}

UMS_EXPORT int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_lock(mutex);
  return acquire(*me, wanted(*me, mutex), kNever, [&] { return take(*me, mutex); });
}

UMS_EXPORT int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_trylock(mutex);
  sched_point(*me, EventKind::kTryLock, mutex);
  const int error = next_trylock(mutex);
  if (error == 0) ums::kernel::hold_off_lockers(mutex);
  return taken(*me, error, mutex);
}

UMS_EXPORT int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* time) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_timedlock(mutex, time);
  return lock_until(*me, mutex, CLOCK_REALTIME, time);
}

UMS_EXPORT int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                                       const timespec* time) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_clocklock(mutex, clock, time);
  return lock_until(*me, mutex, clock, time);
}

UMS_EXPORT int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_unlock(mutex);
  sched_point(*me, EventKind::kUnlock, mutex);
  return unlock_at_once(mutex);
}
