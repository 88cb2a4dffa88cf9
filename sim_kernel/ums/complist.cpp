// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/ums/complist.h"

#include <boost/intrusive/parent_from_member.hpp>
#include <cerrno>

#include "sim_kernel/debug/misuse.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/sched/schedule.h"
#include "sim_kernel/trace/trace.h"
#include "sim_kernel/ums/ums_data.h"

namespace ums::kernel {

namespace {

constinit ObjectCache<Complist> complists{"ums_complist", SlabFlags::kPublished};

constinit Misuse delete_twice{
    "drops the reference of a worker or scheduler that still uses the list: use after free later",
    "delete a list once"};

void free_complist(RcuHead* head) noexcept {
  complists.destroy(boost::intrusive::get_parent_from_member(head, &Complist::rcu));
}

// Moves what `worker` carries to the head of the list.
void splice_rest_locked(Complist& list, Worker& worker) noexcept REQUIRES(list.lock) {
  if (worker.rest.empty()) return;
  list.workers.splice_after(list.workers.before_begin(), worker.rest);
  list.length += worker.rest_length;
  worker.rest_length = 0;
  worker.carries.store(false, std::memory_order_relaxed);
}

}  // namespace

Result<Complist*> complist_create(UmsData& data) noexcept {
  Complist* const list = complists.create(data);
  if (list == nullptr) return Error{ENOMEM};
  const Result<int> id = data.complists.alloc(list);
  if (!id.ok()) {
    complists.destroy(list);
    return Error{ENOMEM};
  }
  list->id.store(Result<int>(id).value(), std::memory_order_relaxed);
  return list;
}

void complist_discard(Complist& list) noexcept { complist_unuse(list); }

Result<void> complist_delete(UmsData& data, Task& me, int id) noexcept {
  Complist& list = *TRY(complist_get(data, id));
  bool first = false;
  bool answered = false;
  {
    SpinGuard guard(list.lock);
    first = !list.deleted;
    answered = first && answer(me);
    list.deleted = !first || answered;
  }
  if (answered) complist_unuse(list);
  if (!first) report_misuse(delete_twice, "DELETE of list {}: it was deleted before", id);
  complist_put(list);
  if (!first) return Error{EINVAL};
  return answered ? Result<void>() : Result<void>(Error{EINTR});
}

Result<Complist*> complist_get(UmsData& data, int id) noexcept {
  RcuReadGuard guard;
  Complist* const list = data.complists.find(id);
  if (list == nullptr || !list->refcount.inc_not_zero()) return Error{EINVAL};
  return list;
}

void complist_put(Complist& list) noexcept {
  if (list.refcount.dec_and_test()) call_rcu(&list.rcu, free_complist);
}

Result<Complist*> complist_use(UmsData& data, int id) noexcept {
  Complist* const list = TRY(complist_get(data, id));
  bool alive = false;
  {
    SpinGuard guard(list->lock);
    alive = list->users > 0;
    if (alive) ++list->users;
  }
  complist_put(*list);
  if (!alive) return Error{EINVAL};
  return list;
}

void complist_unuse(Complist& list) noexcept {
  {
    SpinGuard guard(list.lock);
    kassert(list.users > 0, "list {} has {} users", list.id.load(), list.users);
    if (--list.users > 0) return;
    list.data.complists.remove(list.id.load(std::memory_order_relaxed));
    list.dequeuers.wake_up_all();
  }
  complist_put(list);
}

// The dequeuer, if it is not null, stays while the lock is held: its end comes by here
// (worker_orphan).
void complist_return_rest_locked(Complist& list, Worker& worker) noexcept {
  Scheduler* const dequeuer = worker.dequeuer.load(std::memory_order_relaxed);
  if (dequeuer != nullptr) {
    dequeuer->links_gone.fetch_add(worker.rest_length, std::memory_order_relaxed);
  }
  splice_rest_locked(list, worker);
}

void complist_return_rest(Complist& list, Worker& worker) noexcept {
  WakeUp wake;
  {
    SpinGuard guard(list.lock);
    complist_return_rest_locked(list, worker);
    wake = complist_wake_dequeuer_locked(list);
  }
  wake.wake_up();
}

WakeUp complist_wake_dequeuer_locked(Complist& list) noexcept {
  return list.workers.empty() ? WakeUp() : list.dequeuers.wake_up_one();
}

Result<void> complist_wait_locked(Complist& list) {
  const pid_t waiter = current_task()->tid;
  trace_block_list(waiter, list.id.load(std::memory_order_relaxed));
  TRY(list.dequeuers.wait_event_interruptible(list.lock, [&list]() NO_THREAD_SAFETY_ANALYSIS {
    return !list.workers.empty() || list.users == 0;
  }));
  trace_wake(waiter);
  if (list.workers.empty()) return Error{EINVAL};
  return {};
}

void complist_put_back(Complist& list, Worker& first) noexcept {
  WakeUp wake;
  {
    SpinGuard guard(list.lock);
    splice_rest_locked(list, first);  // without links: it was not handed out
    list.workers.push_front(first);
    ++list.length;
    wake = complist_wake_dequeuer_locked(list);
  }
  wake.wake_up();
}

void complist_release_all(UmsData& data) noexcept {
  data.complists.for_each([&data](int id, Complist* list) {
    data.complists.remove(id);
    call_rcu(&list->rcu, free_complist);  // readers of /proc may hold its lock
  });
}

}  // namespace ums::kernel
