// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/ums/scheduler.h"

#include <boost/intrusive/parent_from_member.hpp>
#include <cerrno>

#include "sim_kernel/mm/slab.h"
#include "sim_kernel/sched/rseq.h"
#include "sim_kernel/sched/schedule.h"
#include "sim_kernel/ums/context.h"

namespace ums::kernel {

namespace {

constinit ObjectCache<Scheduler> scheduler_cache{"ums_scheduler"};

void free_scheduler(RcuHead* head) noexcept {
  scheduler_cache.destroy(boost::intrusive::get_parent_from_member(head, &Scheduler::rcu));
}

// Registers the caller with its STARTUP event. Errors: ENOMEM.
Result<void> register_scheduler(UmsData& data, Task& me, Complist& list) noexcept {
  Scheduler* const scheduler = scheduler_cache.create(data, me, list);
  if (scheduler == nullptr) return Error{ENOMEM};
  if (!scheduler->events.reserve().ok() || !data.schedulers.insert(*scheduler).ok()) {
    scheduler_cache.destroy(scheduler);
    return Error{ENOMEM};
  }
  scheduler->events.push_startup();
  me.module_roles.fetch_add(1, std::memory_order_relaxed);
  context_refresh(data, me);
  return {};
}

// The list of the caller's own, or another one whose memory is kept for the call.
struct ListForDequeue {
  Complist* list;
  bool own;
};

Result<ListForDequeue> find_list(UmsData& data, const Scheduler* caller, int list_id) noexcept {
  if (caller != nullptr && caller->complist.id.load(std::memory_order_relaxed) == list_id)
      [[likely]] {
    return ListForDequeue{&caller->complist, true};
  }
  return ListForDequeue{TRY(complist_get(data, list_id)), false};
}

}  // namespace

Result<void> scheduler_enter(UmsData& data, Task& me, int list_id) noexcept {
  if (current_scheduler(data, me) != nullptr) return Error{ENOMEM};
  Complist& list = *TRY(complist_use(data, list_id));
  const Result<void> registered = register_scheduler(data, me, list);
  if (!registered.ok()) {
    complist_unuse(list);
    return registered.error();
  }
  rseq_unregister(*me.cpu);
  return {};
}

Result<void> scheduler_wait_event(Scheduler& scheduler) noexcept {
  if (!scheduler.events.empty()) [[likely]] {
    return {};
  }
  SpinGuard guard(scheduler.lock);
  return scheduler.event_waiters.wait_event_interruptible(
      scheduler.lock, [&scheduler] { return !scheduler.events.empty(); });
}

Result<Worker*> scheduler_dequeue(UmsData& data, Task& me, int list_id) noexcept {
  Scheduler* const caller = current_scheduler(data, me);
  const ListForDequeue from = TRY(find_list(data, caller, list_id));
  Result<Worker*> first =
      caller != nullptr ? complist_take_all(*from.list) : Result<Worker*>(Error{ESRCH});
  if (first.ok()) first.value()->dequeuer.store(caller, std::memory_order_relaxed);
  if (!from.own) complist_put(*from.list);
  return first;
}

Result<void> scheduler_execute(UmsData& data, Task& me, pid_t id) noexcept {
  Scheduler* scheduler = nullptr;
  Worker* worker = nullptr;
  {
    RcuReadGuard guard;
    worker = TRY(worker_find(data, id));
    scheduler = current_scheduler(data, me);
    if (scheduler == nullptr) [[unlikely]] {
      return Error{ESRCH};
    }
    TRY(scheduler->events.reserve());
    TRY(worker_claim(*worker, me));
  }
  worker->scheduler = scheduler;
  scheduler->switches.store(scheduler->switches.load(std::memory_order_relaxed) + 1,
                            std::memory_order_relaxed);
  execute_task(me, worker->task);
  return {};
}

void scheduler_end(Scheduler& scheduler) noexcept {
  UmsData& data = scheduler.data;
  Task& me = scheduler.task;
  {
    RcuReadGuard guard;
    data.workers.walk([&scheduler](Worker& worker) { worker_orphan(worker, scheduler); });
  }
  data.schedulers.remove(scheduler);
  me.module_roles.fetch_sub(1, std::memory_order_relaxed);
  context_refresh(data, me);
  complist_unuse(scheduler.complist);
  call_rcu(&scheduler.rcu, free_scheduler);
}

void scheduler_release_all(UmsData& data) noexcept {
  data.schedulers.for_each([&data](Scheduler& scheduler) {
    data.schedulers.remove(scheduler);
    scheduler.task.module_roles.fetch_sub(1, std::memory_order_relaxed);
    call_rcu(&scheduler.rcu, free_scheduler);
  });
}

}  // namespace ums::kernel
