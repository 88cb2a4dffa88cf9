// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/ums/scheduler.h"

#include <boost/intrusive/parent_from_member.hpp>
#include <cerrno>

#include "sim_kernel/mm/slab.h"
#include "sim_kernel/ums/proc.h"
#include "sim_kernel/ums/switch_path.h"

namespace ums::kernel {

namespace {

constinit ObjectCache<Scheduler> scheduler_cache{"ums_scheduler", SlabFlags::kPublished};

void free_scheduler(RcuHead* head) noexcept {
  scheduler_cache.destroy(boost::intrusive::get_parent_from_member(head, &Scheduler::rcu));
}

// Registers the caller with its STARTUP event. Errors: ENOMEM.
Result<void> register_scheduler(UmsData& data, Task& me, Complist& list) noexcept {
  Scheduler* const scheduler = scheduler_cache.create(data, me, list);
  if (scheduler == nullptr) return Error{ENOMEM};
  if (!scheduler->events.reserve().ok() || !ums_proc_add(*scheduler).ok()) {
    call_rcu(&scheduler->rcu, free_scheduler);
    return Error{ENOMEM};
  }
  scheduler->events.push_startup();
  if (!data.schedulers.insert(*scheduler).ok()) {
    ums_proc_remove(*scheduler);
    call_rcu(&scheduler->rcu, free_scheduler);
    return Error{ENOMEM};
  }
  me.module_roles.fetch_add(1, std::memory_order_relaxed);
  context_refresh(data, me);
  return {};
}

// From now on nobody looks at its Task.
void mark_ended(Scheduler& scheduler) noexcept {
  SpinGuard guard(scheduler.lock);
  scheduler.ended.store(true, std::memory_order_relaxed);
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
  prepare_scheduler(me);
  trace_scheduler_enter(me.tid, list_id);
  return {};
}

Result<void> scheduler_sleep(Scheduler& scheduler) {
  trace_block_event(scheduler.id);
  SpinGuard guard(scheduler.lock);
  return scheduler.event_waiters.wait_event_interruptible(
      scheduler.lock, [&scheduler] { return !scheduler.events.empty(); });
}

void scheduler_trace_event(const Scheduler& scheduler) noexcept {
  const ums_sched_event& event = scheduler.events.front();
  switch (event.type) {
    case SCHEDULER_STARTUP:
      return trace_startup_delivered(scheduler.id);
    case THREAD_YIELD:
      return trace_yield_delivered(
          scheduler.id, event.yield_params.context,
          reinterpret_cast<std::uint64_t>(event.yield_params.scheduler_params));
    case THREAD_TERMINATED:
      return trace_end_delivered(scheduler.id, event.end_params.context);
  }
}

Result<Worker*> scheduler_dequeue_foreign(UmsData& data, Scheduler* caller, int list_id) {
  Complist& list = *TRY(complist_get(data, list_id));
  const HeldWhileWaiting<Complist, complist_put> held(list);
  if (caller == nullptr) return Error{ESRCH};
  Worker* const first = TRY(complist_take_all(list));
  first->dequeuer.store(caller, std::memory_order_relaxed);
  trace_dequeue(caller->id, first->id, 1 + first->rest.size());
  return first;
}

void scheduler_end(Scheduler& scheduler) noexcept {
  UmsData& data = scheduler.data;
  Task& me = scheduler.task;
  ums_proc_remove(scheduler);
  mark_ended(scheduler);
  {
    RcuReadGuard guard;
    data.workers.walk([&scheduler](Worker& worker) {
      worker_orphan(worker, scheduler);
      if constexpr (kThreadsDieInCalls) worker_forget_scheduler(worker, scheduler);
    });
  }
  trace_scheduler_exit(scheduler.id);
  data.schedulers.remove(scheduler);
  me.module_roles.fetch_sub(1, std::memory_order_relaxed);
  context_refresh(data, me);
  complist_unuse(scheduler.complist);
  call_rcu(&scheduler.rcu, free_scheduler);
}

void scheduler_release_all(UmsData& data) noexcept {
  data.schedulers.for_each([&data](Scheduler& scheduler) {
    data.schedulers.remove(scheduler);
    mark_ended(scheduler);
    scheduler.task.module_roles.fetch_sub(1, std::memory_order_release);  // the task may end now
    call_rcu(&scheduler.rcu, free_scheduler);
  });
}

}  // namespace ums::kernel
