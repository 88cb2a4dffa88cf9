// SPDX-License-Identifier: Apache-2.0
//
// acquire: what every lock of a simulation does. The C library's own object is asked, by its try
// function; who finds it taken gives up the processor, until it is released.
//
//     int pthread_mutex_lock(pthread_mutex_t* mutex) {
//       Task* const me = current_simulated();
//       if (me == nullptr) return next_lock(mutex);
//       return acquire(*me, {mutex, is_taken(mutex)}, kNever, [=] { return next_trylock(mutex); });
//     }
//
// Thread safety: the simulation.
#pragma once

#include <cerrno>

#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/races/happens_before.h"
#include "ums_api/simulated/cancellation.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/virtual_clock.h"

namespace ums::api {

struct Wanted {
  const void* object;
  bool is_taken = false;        // it is known that the next attempt would fail
  const int* holder = nullptr;  // where the thread id of who has it stands, if it does anywhere
  bool is_cancellation_point = false;  // the wait for it is one
};

// Returns 0 where somebody has called; ETIMEDOUT, or at a cancellation point EINTR.
inline int wait_for(kernel::Task& me, Wanted wanted, std::uint64_t deadline) {
  if (!wanted.is_cancellation_point) {
    return kernel::futex_wait(me, wanted.object, deadline) ? 0 : ETIMEDOUT;
  }
  const WaitResult result = wait_at_point(me, wanted.object, deadline);
  if (result == WaitResult::kTimedOut) return ETIMEDOUT;
  return result == WaitResult::kInterrupted && is_cut_short(me) ? EINTR : 0;
}

// Whether the object is taken then; also from an owner that has ended (a robust mutex).
inline bool is_success(int error) noexcept { return error == 0 || error == EOWNERDEAD; }

// Says what was found out: where `error` is a success, the object is taken.
inline int taken(kernel::Task& me, int error, const void* object) noexcept {
  if (is_success(error)) kernel::happens_after(me, object);
  return error;
}

// `attempt` returns EBUSY where it must wait for the object. Returns what it returns at last;
// ETIMEDOUT: it was still busy at `deadline`.
template <typename Attempt>
int acquire(kernel::Task& me, Wanted wanted, std::uint64_t deadline, Attempt attempt) {
  using kernel::EventKind;
  kernel::announce(me, deadline == kernel::kNever ? EventKind::kLock : EventKind::kTimedLock,
                   wanted.object);
  me.machine.holder = wanted.holder;
  int error = EBUSY;
  if (!wanted.is_taken) {
    kernel::let_others_go_on(me);
    if (wanted.is_cancellation_point) act_on_cancellation();
    error = attempt();
  }
  while (error == EBUSY) {
    error = wait_for(me, wanted, deadline);
    if (error != 0) return error;
    error = attempt();
  }
  return taken(me, error, wanted.object);
}

// The same until `clock` says `time`. EINVAL: it never does.
template <typename Attempt>
int acquire_until(kernel::Task& me, Wanted wanted, clockid_t clock, const timespec* time,
                  Attempt attempt) {
  if (is_valid(*time)) return acquire(me, wanted, deadline_of(clock, *time), attempt);
  kernel::sched_point(me, kernel::EventKind::kTimedLock, wanted.object);
  const int error = taken(me, attempt(), wanted.object);
  return error == EBUSY ? EINVAL : error;
}

// Lets those try again who wait for `object`, where `error` says that it was released.
inline int released(int error, const void* object) noexcept {
  if (error != 0) return error;
  kernel::happens_before(*kernel::current_task(), object);
  kernel::futex_release(object);
  return error;
}

}  // namespace ums::api
