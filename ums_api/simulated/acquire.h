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
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/virtual_clock.h"

namespace ums::api {

struct Wanted {
  const void* object;
  bool is_taken = false;        // it is known that the next attempt would fail
  const int* holder = nullptr;  // where the thread id of who has it stands, if it does anywhere
};

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
    error = attempt();
  }
  while (error == EBUSY) {
    if (!kernel::futex_wait(me, wanted.object, deadline)) return ETIMEDOUT;
    error = attempt();
  }
  return error;
}

// The same until `clock` says `time`. EINVAL: it never does.
template <typename Attempt>
int acquire_until(kernel::Task& me, Wanted wanted, clockid_t clock, const timespec* time,
                  Attempt attempt) {
  if (is_valid(*time)) return acquire(me, wanted, deadline_of(clock, *time), attempt);
  kernel::sched_point(me, kernel::EventKind::kTimedLock, wanted.object);
  const int error = attempt();
  return error == EBUSY ? EINVAL : error;
}

// Lets those try again who wait for `object`, where `error` says that it was released.
inline int released(int error, const void* object) noexcept {
  if (error == 0) kernel::futex_release(object);
  return error;
}

}  // namespace ums::api
