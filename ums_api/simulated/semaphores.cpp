// SPDX-License-Identifier: Apache-2.0
//
// Semaphores in a simulation: the C library's own, but that who would block gives up the processor.
// LIMIT: another process that posts one is not heard.
#include <semaphore.h>

#include <cerrno>

#include "ums_api/simulated/acquire.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::kNever;
using ums::kernel::sched_point;
using ums::kernel::Task;

constinit NextSymbol<int(sem_t*)> next_wait{"sem_wait"};
constinit NextSymbol<int(sem_t*)> next_trywait{"sem_trywait"};
constinit NextSymbol<int(sem_t*, const timespec*)> next_timedwait{"sem_timedwait"};
constinit NextSymbol<int(sem_t*, clockid_t, const timespec*)> next_clockwait{"sem_clockwait"};
constinit NextSymbol<int(sem_t*)> next_post{"sem_post"};

// Returns an error number, as locks do.
int take(sem_t* semaphore) {
  if (next_trywait(semaphore) == 0) return 0;
  return errno == EAGAIN ? EBUSY : errno;
}

int result_of(int error) {
  if (error != 0) errno = error;
  return error == 0 ? 0 : -1;
}

Wanted wanted(const sem_t* semaphore) {
  return {.object = semaphore, .is_cancellation_point = true};
}

int wait_until(Task& me, sem_t* semaphore, clockid_t clock, const timespec* time) {
  return result_of(
      acquire_until(me, wanted(semaphore), clock, time, [&] { return take(semaphore); }));
}

}  // namespace

UMS_EXPORT int sem_wait(sem_t* semaphore) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_wait(semaphore);
  return result_of(acquire(*me, wanted(semaphore), kNever, [&] { return take(semaphore); }));
}

UMS_EXPORT int sem_trywait(sem_t* semaphore) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_trywait(semaphore);
  sched_point(*me, EventKind::kTryLock, semaphore);
  return result_of(taken(*me, next_trywait(semaphore) == 0 ? 0 : errno, semaphore));
}

UMS_EXPORT int sem_timedwait(sem_t* semaphore, const timespec* time) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_timedwait(semaphore, time);
  return wait_until(*me, semaphore, CLOCK_REALTIME, time);
}

UMS_EXPORT int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* time) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_clockwait(semaphore, clock, time);
  return wait_until(*me, semaphore, clock, time);
}

UMS_EXPORT int sem_post(sem_t* semaphore) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_post(semaphore);
  sched_point(*me, EventKind::kPost, semaphore);
  return result_of(released(next_post(semaphore) == 0 ? 0 : errno, semaphore));
}
