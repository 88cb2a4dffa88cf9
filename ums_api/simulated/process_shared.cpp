// SPDX-License-Identifier: Apache-2.0
//
// Objects that processes share: what another process does to them wakes nobody in a simulation.
#include <pthread.h>
#include <semaphore.h>

#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/not_controlled.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using ums::api::current_simulated;
using ums::api::NextSymbol;
using ums::api::not_controlled;

constinit NextSymbol<int(sem_t*, int, unsigned)> next_sem_init{"sem_init"};
constinit NextSymbol<int(pthread_mutexattr_t*, int)> next_mutex{"pthread_mutexattr_setpshared"};
constinit NextSymbol<int(pthread_condattr_t*, int)> next_cond{"pthread_condattr_setpshared"};
constinit NextSymbol<int(pthread_rwlockattr_t*, int)> next_rwlock{"pthread_rwlockattr_setpshared"};
constinit NextSymbol<int(pthread_barrierattr_t*, int)> next_barrier{
    "pthread_barrierattr_setpshared"};

void note_shared(int shared, const char* name) noexcept {
  if (shared == PTHREAD_PROCESS_SHARED && current_simulated() != nullptr) not_controlled(name);
}

}  // namespace

UMS_EXPORT int sem_init(sem_t* semaphore, int shared, unsigned value) noexcept {
  note_shared(shared != 0 ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE,
              "a semaphore that processes share");
  return next_sem_init(semaphore, shared, value);
}

UMS_EXPORT int pthread_mutexattr_setpshared(pthread_mutexattr_t* attributes, int shared) noexcept {
  note_shared(shared, "a mutex that processes share");
  return next_mutex(attributes, shared);
}

UMS_EXPORT int pthread_condattr_setpshared(pthread_condattr_t* attributes, int shared) noexcept {
  note_shared(shared, "a condition variable that processes share");
  return next_cond(attributes, shared);
}

UMS_EXPORT int pthread_rwlockattr_setpshared(pthread_rwlockattr_t* attributes,
                                             int shared) noexcept {
  note_shared(shared, "a read-write lock that processes share");
  return next_rwlock(attributes, shared);
}

UMS_EXPORT int pthread_barrierattr_setpshared(pthread_barrierattr_t* attributes,
                                              int shared) noexcept {
  note_shared(shared, "a barrier that processes share");
  return next_barrier(attributes, shared);
}
