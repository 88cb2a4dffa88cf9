// SPDX-License-Identifier: Apache-2.0
//
// Complist: a completion list, where suspended workers wait for a scheduler.
//
// Workers enter at the tail; a scheduler takes them all at once and walks them. A taken batch needs
// no object of its own: its head carries the others (Worker::rest), and NEXT hands them on.
//
// Invariants:
// 1. Every worker in a list, or carried by one that was, names that list as its own.
// 2. `users` counts the creator, until DELETE, and every scheduler and worker that entered with the
//    list. While it is positive the id finds the list; when it drops to 0 the id is free.
// 3. `refcount` keeps the memory: one for the users together, one for each call that looked the
//    list up and is not a user itself. Memory is freed after a grace period, since ids are looked
//    up under RCU.
//
// Thread safety: `lock` guards the fields below it, and `rest` and the moves into and out of
// kListed of all workers whose list this is.
#pragma once

#include <sys/types.h>

#include <boost/intrusive/slist.hpp>
#include <cstdint>

#include "sim_kernel/base/result.h"
#include "sim_kernel/lib/refcount.h"
#include "sim_kernel/sched/wait_queue.h"
#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/sync/spinlock.h"
#include "sim_kernel/ums/worker_list.h"

namespace ums::kernel {

class UmsData;

struct Complist {
  explicit Complist(UmsData& owner) noexcept : data(owner) {}

  UmsData& data;
  std::atomic<int> id{0};  // constant once somebody can know it
  Refcount refcount;
  RcuHead rcu;

  SpinLock<LockRank::kComplist> lock;
  WorkerList workers GUARDED_BY(lock);
  std::uint32_t length GUARDED_BY(lock) = 0;  // of `workers`
  WaitQueue dequeuers GUARDED_BY(lock);       // schedulers that wait for a worker
  int users GUARDED_BY(lock) = 1;
  bool deleted GUARDED_BY(lock) = false;  // the creator's reference is gone
};

// CREATE: a new list with its creator as its user. Errors: ENOMEM.
Result<Complist*> complist_create(UmsData& data) noexcept;

// Undoes complist_create: nobody has seen the id.
void complist_discard(Complist& list) noexcept;

// DELETE: drops the creator's use. Errors: EINVAL (no such list, or deleted before), EINTR (nobody
// waits for the answer).
Result<void> complist_delete(UmsData& data, Task& me, int id) noexcept;

// The list `id` with one more user, or EINVAL. complist_unuse gives the use back.
Result<Complist*> complist_use(UmsData& data, int id) noexcept;
void complist_unuse(Complist& list) noexcept;

// The list `id`, its memory kept until complist_put, or EINVAL.
Result<Complist*> complist_get(UmsData& data, int id) noexcept;
void complist_put(Complist& list) noexcept;

// Puts `worker`, whose list this is, at the tail, and what it still carries of its batch back at
// the head. Returns the wake-up of a dequeuer. From then on others may execute the worker.
[[nodiscard]] inline WakeUp complist_add_tail(Complist& list, Worker& worker) noexcept
    EXCLUDES(list.lock);

// Gives back to the head of the list, in order, what `worker` carries; its dequeuer has no links to
// it any more.
void complist_return_rest(Complist& list, Worker& worker) noexcept EXCLUDES(list.lock);
void complist_return_rest_locked(Complist& list, Worker& worker) noexcept REQUIRES(list.lock);

// The wake-up of a dequeuer, if one waits and there is a worker for it.
[[nodiscard]] WakeUp complist_wake_dequeuer_locked(Complist& list) noexcept REQUIRES(list.lock);

// Takes every worker, waiting for one. Returns the first, which carries the others; it is the
// caller's alone until worker_hand_out or complist_put_back.
// Errors: EINTR, EINVAL (its last user went while the caller, no user itself, waited).
// Context: may sleep.
inline Result<Worker*> complist_take_all(Complist& list) EXCLUDES(list.lock);

// Waits until there is a worker. Errors, context: as complist_take_all.
Result<void> complist_wait_locked(Complist& list) REQUIRES(list.lock);

// Undoes complist_take_all: `first` and what it carries return to the head, in order.
void complist_put_back(Complist& list, Worker& first) noexcept EXCLUDES(list.lock);

// Frees every list of a file that is released.
void complist_release_all(UmsData& data) noexcept;

}  // namespace ums::kernel
