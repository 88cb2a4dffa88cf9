// SPDX-License-Identifier: Apache-2.0
//
// Spinlocks in a simulation: who would spin gives up the processor.
#include <pthread.h>

#include "ums_api/simulated/acquire.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::kNever;
using ums::kernel::sched_point;
using ums::kernel::Task;

constinit NextSymbol<int(pthread_spinlock_t*)> next_lock{"pthread_spin_lock"};
constinit NextSymbol<int(pthread_spinlock_t*)> next_trylock{"pthread_spin_trylock"};
constinit NextSymbol<int(pthread_spinlock_t*)> next_unlock{"pthread_spin_unlock"};

// The C library takes any address; what it finds there is its own.
const void* object_of(const pthread_spinlock_t* lock) noexcept {
  return const_cast<const int*>(lock);
}

}  // namespace

UMS_EXPORT int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_lock(lock);
  return acquire(*me, {object_of(lock)}, kNever, [=] { return next_trylock(lock); });
}

UMS_EXPORT int pthread_spin_trylock(pthread_spinlock_t* lock) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_trylock(lock);
  sched_point(*me, EventKind::kTryLock, object_of(lock));
  return taken(*me, next_trylock(lock), object_of(lock));
}

UMS_EXPORT int pthread_spin_unlock(pthread_spinlock_t* lock) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_unlock(lock);
  sched_point(*me, EventKind::kUnlock, object_of(lock));
  return released(next_unlock(lock), object_of(lock));
}
