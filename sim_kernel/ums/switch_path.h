// SPDX-License-Identifier: Apache-2.0
//
// The switch path: everything between a worker's YIELD and the next worker's return from its own.
//
//     worker     worker_yield          event queued, worker listed, switch to the scheduler
//     scheduler  scheduler_execute     ... returns
//                scheduler_wait_event  the event
//                scheduler_dequeue     the list taken whole (complist_take_all)
//                worker_peek_next      the batch walked (worker_advance)
//                scheduler_execute     a worker claimed, switch to it
//     worker     worker_yield          ... returns
//
// Inline, so that each call of the library is straight code: what these functions mean, and which
// errors they give, stands where they are declared. What is rare is a call to a function of the
// .cpp files. In a cycle there are two system-wide costs that cannot be avoided, the two switches
// with their thread pointers, and three atomic read-modify-writes: the list's lock at the tail and
// at the head, and the claim.
//
// Thread safety, context: as declared in complist.h, worker.h and scheduler.h.
#pragma once

#include <utility>

#include "sim_kernel/sched/schedule.h"
#include "sim_kernel/sync/preemption.h"
#include "sim_kernel/trace/trace.h"
#include "sim_kernel/ums/context.h"
#include "sim_kernel/ums/ums_data.h"

// A call left behind on the path is a return to mispredict: after a stack switch the processor's
// return predictions are the other stack's.
#define UMS_SWITCH_PATH inline __attribute__((always_inline))

namespace ums::kernel {

// Adds 1 to a counter that one thread writes and others may read.
inline void count(std::atomic<std::uint64_t>& counter) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// --- completion list ---

UMS_SWITCH_PATH WakeUp complist_add_tail(Complist& list, Worker& worker) noexcept {
  SpinGuard guard(list.lock);
  if (worker.carries.load(std::memory_order_relaxed)) [[unlikely]] {
    complist_return_rest_locked(list, worker);
  }
  worker.state.store(WorkerState::kListed, std::memory_order_relaxed);
  list.workers.push_back(worker);
  ++list.length;
  if (!list.dequeuers.empty()) [[unlikely]] {
    return complist_wake_dequeuer_locked(list);
  }
  return {};
}

UMS_SWITCH_PATH Result<Worker*> complist_take_all(Complist& list) {
  SpinGuard guard(list.lock);
  if (list.workers.empty()) [[unlikely]] {
    TRY(complist_wait_locked(list));
  }
  auto& first = static_cast<Worker&>(list.workers.front());
  list.workers.pop_front();
  first.rest_length = std::exchange(list.length, 0) - 1;
  if (!list.workers.empty()) {
    first.rest.swap(list.workers);
    first.carries.store(true, std::memory_order_relaxed);
  }
  return &first;
}

// --- worker ---

UMS_SWITCH_PATH Result<Worker*> worker_find(UmsData& data, pid_t id) noexcept {
  Worker* const worker = data.workers.find(id);
  if (worker == nullptr) [[unlikely]] {
    return Error{ESRCH};
  }
  return worker;
}

// Numbers the links of a scheduler to its new batch (proc.h): on from its last one, or from 1 if no
// link is left.
UMS_SWITCH_PATH void add_links(Scheduler& scheduler, Worker& first) noexcept {
  if (scheduler.links == scheduler.links_gone.load(std::memory_order_relaxed)) {
    scheduler.link_next = 1;
  }
  const std::uint64_t length = std::uint64_t{1} + first.rest_length;
  first.link = scheduler.link_next;
  scheduler.link_next += length;
  scheduler.links += length;
}

// Takes away the link to a worker that `scheduler` has claimed.
UMS_SWITCH_PATH void remove_link(Scheduler& scheduler, Worker& worker) noexcept {
  if (worker.dequeuer.load(std::memory_order_relaxed) == &scheduler) [[likely]] {
    --scheduler.links;
  } else {
    worker_unlink_elsewhere(worker);
  }
}

UMS_SWITCH_PATH pid_t worker_hand_out(Worker& first) noexcept {
  const pid_t id = first.id;
  add_links(*first.dequeuer.load(std::memory_order_relaxed), first);
  preemption_point(KernelStep::kStore, &first.state);
  first.state.store(WorkerState::kReached, std::memory_order_release);
  return id;
}

UMS_SWITCH_PATH Result<void> worker_claim(Worker& worker, const Task& claimer) noexcept {
  WorkerState state = WorkerState::kReached;
  preemption_point(KernelStep::kUpdate, &worker.state);
  // Acquire; pairs with the release by which the worker became reached.
  if (worker.state.compare_exchange_strong(state, WorkerState::kRunning, std::memory_order_acquire))
      [[likely]] {
    return {};
  }
  return worker_claim_failed(worker, state, claimer);
}

UMS_SWITCH_PATH Result<pid_t> worker_peek_next(UmsData& data, pid_t id) noexcept {
  RcuReadGuard guard;
  Worker& worker = *TRY(worker_find(data, id));
  preemption_point(KernelStep::kLoad, &worker.state);
  const WorkerState state = worker.state.load(std::memory_order_relaxed);
  if (state == WorkerState::kListed || state == WorkerState::kEnded) [[unlikely]] {
    return worker_not_reached(worker, state);
  }
  if (!worker.carries.load(std::memory_order_relaxed)) [[likely]] {
    return pid_t{-1};
  }
  return worker_peek_rest(worker);
}

UMS_SWITCH_PATH WakeUp worker_suspend(Worker& worker) noexcept {
  change_task_state<TaskState::kRunning, TaskState::kSuspended>(worker.task.state);
  return complist_add_tail(worker.complist, worker);
}

// Whether `scheduler`, which executed the worker `me` last, waits beneath it. It is null only where
// schedulers die in EXEC.
UMS_SWITCH_PATH bool runs_in_place_of(const Task& me, const Scheduler* scheduler) noexcept {
  if (kThreadsDieInCalls && scheduler == nullptr) return false;
  return me.resumer == &scheduler->task;
}

UMS_SWITCH_PATH Result<void> worker_yield(UmsData& data, Task& me, void* params) noexcept {
  Worker* const worker = current_worker(data, me);
  if (worker == nullptr) [[unlikely]] {
    return Error{ESRCH};
  }
  if (!runs_in_place_of(me, worker->scheduler)) [[unlikely]] {
    return worker_yield_elsewhere(*worker, params);
  }
  Scheduler& scheduler = *worker->scheduler;
  trace_yield(worker->id, scheduler.id, reinterpret_cast<std::uint64_t>(params));
  count(worker->switches);
  scheduler.events.push_yield(worker->id, params);
  worker_suspend(*worker).wake_up();
  switch_back(me);
  return {};
}

UMS_SWITCH_PATH Result<pid_t> worker_next(UmsData& data, pid_t id) noexcept {
  pid_t next = -1;
  do {
    next = TRY(worker_peek_next(data, id));
  } while (next != -1 && !worker_advance(data, id, next));
  trace_next(0, id, next);
  return next;
}

// --- scheduler ---

UMS_SWITCH_PATH Result<void> scheduler_wait_event(Scheduler& scheduler) {
  if (scheduler.events.empty()) [[unlikely]] {
    return scheduler_sleep(scheduler);
  }
  return {};
}

UMS_SWITCH_PATH void scheduler_event_taken(Scheduler& scheduler) noexcept {
  if (trace_on.load(std::memory_order_relaxed)) [[unlikely]] {
    scheduler_trace_event(scheduler);
  }
  scheduler.events.pop();
}

UMS_SWITCH_PATH Result<ums_sched_event> scheduler_take_event(UmsData& data, Task& me) {
  Scheduler* const scheduler = current_scheduler(data, me);
  if (scheduler == nullptr) [[unlikely]] {
    return Error{ESRCH};
  }
  TRY(scheduler_wait_event(*scheduler));
  const ums_sched_event event = scheduler->events.front();
  scheduler_event_taken(*scheduler);
  return event;
}

UMS_SWITCH_PATH Result<Worker*> scheduler_dequeue(UmsData& data, Task& me, int list_id) {
  Scheduler* const caller = current_scheduler(data, me);
  if (caller == nullptr || caller->complist.id.load(std::memory_order_relaxed) != list_id)
      [[unlikely]] {
    return scheduler_dequeue_foreign(data, caller, list_id);
  }
  Worker* const first = TRY(complist_take_all(caller->complist));
  first->dequeuer.store(caller, std::memory_order_relaxed);
  if (trace_on.load(std::memory_order_relaxed)) [[unlikely]] {
    trace_dequeue(caller->id, first->id, 1 + first->rest.size());
  }
  return first;
}

UMS_SWITCH_PATH Result<void> scheduler_execute(UmsData& data, Task& me, pid_t id) noexcept {
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
    remove_link(*scheduler, *worker);
  }
  worker->scheduler = scheduler;
  count(scheduler->switches);
  trace_exec(scheduler->id, worker->id);
  execute_task(me, worker->task);
  return {};
}

}  // namespace ums::kernel
