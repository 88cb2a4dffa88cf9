// SPDX-License-Identifier: Apache-2.0
//
// Mutexes in a simulation: the C library's own, but that who would block gives up the processor.
// Their type, owner and count stay where the C library keeps them.
//
// Of a robust one (pthread_mutexattr_setrobust) the lock word says who has it, or that its owner
// has ended (robust_list.h): who takes it then is told so by the C library's try function. Nobody
// inherits a priority, which would be of no use to threads that run one at a time.
#include "ums_api/simulated/mutexes.h"

#include <linux/futex.h>

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

// How the C library calls the task as the owner of a lock.
pid_t owner_id(const Task& me) noexcept { return me.machine.home.tid; }

// One that checks for errors tells its owner so, which its try function does not.
bool is_own(const Task& me, const pthread_mutex_t* mutex) noexcept {
  constexpr int kTypeBits = 3;
  return (mutex->__data.__kind & kTypeBits) == PTHREAD_MUTEX_ERRORCHECK_NP &&
         mutex->__data.__owner == owner_id(me);
}

// What glibc keeps in the word beside: the ceiling of a mutex that protects priorities.
constexpr unsigned kCeilingBits = 0xfff80000;
constexpr int kRobustBit = 0x10;
constexpr int kProtectsBit = 0x40;

bool is_taken_by_another(const Task& me, const pthread_mutex_t* mutex) noexcept {
  const auto word = static_cast<unsigned>(mutex->__data.__lock);
  const int kind = mutex->__data.__kind;
  if ((kind & kRobustBit) != 0) {
    const unsigned owner = word & FUTEX_TID_MASK;
    return owner != 0 && owner != static_cast<unsigned>(owner_id(me));
  }
  const unsigned ceiling = (kind & kProtectsBit) != 0 ? kCeilingBits : 0;
  return (word & ~ceiling) != 0 && mutex->__data.__owner != owner_id(me);
}

Wanted wanted(const Task& me, const pthread_mutex_t* mutex) noexcept {
  return {mutex, is_taken_by_another(me, mutex), &mutex->__data.__owner};
}

// A robust one that is lost: glibc's try function has taken it before it says so, and keeps it,
// which its lock function does not.
void give_back(const Task& me, pthread_mutex_t* mutex) noexcept {
  if (mutex->__data.__lock == owner_id(me)) mutex->__data.__lock = 0;
}

// Who takes it holds off who is about to: they could not.
int try_to_take(const Task& me, pthread_mutex_t* mutex) {
  const int error = next_trylock(mutex);
  if (is_success(error)) ums::kernel::hold_off_lockers(mutex);
  if (error == ENOTRECOVERABLE) give_back(me, mutex);
  return error;
}

int take(const Task& me, pthread_mutex_t* mutex) {
  return is_own(me, mutex) ? EDEADLK : try_to_take(me, mutex);
}

int lock_until(Task& me, pthread_mutex_t* mutex, clockid_t clock, const timespec* time) {
  return acquire_until(me, wanted(me, mutex), clock, time, [&] { return take(me, mutex); });
}

}  // namespace

int ums::api::answer_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes,
                                MutexInit& next) noexcept {
  int protocol = PTHREAD_PRIO_NONE;
  if (attributes != nullptr) pthread_mutexattr_getprotocol(attributes, &protocol);
  if (protocol != PTHREAD_PRIO_INHERIT) return next(mutex, attributes);
  pthread_mutexattr_t plain = *attributes;
  pthread_mutexattr_setprotocol(&plain, PTHREAD_PRIO_NONE);
  return next(mutex, &plain);
}

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
  return taken(*me, try_to_take(*me, mutex), mutex);
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
