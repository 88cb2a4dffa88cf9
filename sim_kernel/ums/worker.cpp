// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/ums/worker.h"

#include <boost/intrusive/parent_from_member.hpp>
#include <cerrno>
#include <utility>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/debug/misuse.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/ums/proc.h"
#include "sim_kernel/ums/switch_path.h"

namespace ums::kernel {

namespace {

constinit ObjectCache<Worker> worker_cache{"ums_worker", SlabFlags::kPublished};

constinit Misuse execute_busy{"corrupts its lists or hangs",
                              "execute a worker once, after DEQUEUE or NEXT has named it"};
constinit Misuse next_of_listed{"corrupts the completion list",
                                "walk a batch from the worker that DEQUEUE returned"};

void free_worker(RcuHead* head) noexcept {
  worker_cache.destroy(boost::intrusive::get_parent_from_member(head, &Worker::rcu));
}

// Registers the caller; it is running until it suspends itself. Errors: ENOMEM.
Result<Worker*> register_worker(UmsData& data, Task& me, Complist& list) noexcept {
  Worker* const worker = worker_cache.create(data, me, list);
  if (worker == nullptr) return Error{ENOMEM};
  if (!ums_proc_add(*worker).ok()) {
    call_rcu(&worker->rcu, free_worker);
    return Error{ENOMEM};
  }
  if (!data.workers.insert(*worker).ok()) {
    ums_proc_remove(*worker);
    call_rcu(&worker->rcu, free_worker);
    return Error{ENOMEM};
  }
  me.module_roles.fetch_add(1, std::memory_order_relaxed);
  context_refresh(data, me);
  return worker;
}

void report_orphan(const Scheduler& scheduler, const Worker& worker) noexcept {
  pr_warn("scheduler {} ended with worker {} dequeued: no list has it, execute it by its id",
          scheduler.id, worker.id);
}

// Whom NEXT passes on from `worker` to `next`: the dequeuer, unless it has ended.
Scheduler* living_dequeuer_locked(const Worker& worker, const Worker& next) noexcept {
  Scheduler* const dequeuer = worker.dequeuer.load(std::memory_order_relaxed);
  if (dequeuer == nullptr || !dequeuer->ended.load(std::memory_order_relaxed)) return dequeuer;
  report_orphan(*dequeuer, next);
  return nullptr;
}

}  // namespace

const char* worker_state_name(WorkerState state) noexcept {
  constexpr const char* kNames[] = {"in its list or not reached", "reached", "running", "ended"};
  return kNames[static_cast<std::size_t>(state)];
}

void worker_unregister(Worker& worker) noexcept {
  Task& me = worker.task;
  UmsData& data = worker.data;
  ums_proc_remove(worker);
  complist_return_rest(worker.complist, worker);
  worker.state.store(WorkerState::kEnded, std::memory_order_relaxed);
  data.workers.remove(worker);
  me.module_roles.fetch_sub(1, std::memory_order_relaxed);
  context_refresh(data, me);
  complist_unuse(worker.complist);
  call_rcu(&worker.rcu, free_worker);
}

Result<void> worker_enter(UmsData& data, Task& me, int list_id) noexcept {
  if (current_worker(data, me) != nullptr) return Error{ENOMEM};
  Complist& list = *TRY(complist_use(data, list_id));
  Result<Worker*> worker = register_worker(data, me, list);
  if (!worker.ok()) {
    complist_unuse(list);
    return worker.error();
  }
  const Result<void> prepared = prepare_suspend(me);
  if (!prepared.ok()) {
    worker_unregister(*worker.value());
    return prepared.error();
  }
  trace_worker_enter(me.tid, list_id);
  suspend(me, worker_suspend(*worker.value()));
  return {};
}

Result<void> worker_yield_elsewhere(Worker& worker, void* params) noexcept {
  Task& me = worker.task;
  TRY(prepare_suspend(me));
  count(worker.switches);
  Scheduler* const scheduler = worker.scheduler;
  trace_yield(worker.id, scheduler != nullptr ? scheduler->id : 0,
              reinterpret_cast<std::uint64_t>(params));
  if (scheduler != nullptr) scheduler->events.push_yield(worker.id, params);
  const WakeUp wake = worker_suspend(worker);
  if (scheduler != nullptr) resume_executing(scheduler->task);
  suspend(me, wake);
  return {};
}

Result<void> worker_exit(UmsData& data, Task& me) noexcept {
  Worker* const worker = current_worker(data, me);
  if (worker == nullptr) return Error{ESRCH};
  Scheduler* const scheduler = worker->scheduler;
  trace_worker_exit(worker->id, scheduler != nullptr ? scheduler->id : 0);
  if (scheduler != nullptr) scheduler->events.push_terminated(worker->id);
  worker_unregister(*worker);
  if (scheduler == nullptr) return {};
  if (me.resumer == &scheduler->task) {
    switch_home(me);
  } else {
    resume_executing(scheduler->task);
  }
  return {};
}

// One that has ended since it was found might as well not have been found.
Error worker_claim_failed(const Worker& worker, WorkerState state, const Task& claimer) noexcept {
  if (state == WorkerState::kEnded) return Error{ESRCH};
  report_misuse(execute_busy, "EXEC of worker {} by thread {}: it is {}", worker.id, claimer.tid,
                worker_state_name(state));
  return Error{EBUSY};
}

Error worker_not_reached(const Worker& worker, WorkerState state) noexcept {
  if (state == WorkerState::kEnded) return Error{ESRCH};
  report_misuse(next_of_listed, "NEXT of worker {}: it is {}", worker.id, worker_state_name(state));
  return Error{ESRCH};
}

void worker_unlink_elsewhere(Worker& worker) noexcept {
  Scheduler* const dequeuer = worker.dequeuer.load(std::memory_order_relaxed);
  if (dequeuer != nullptr) dequeuer->links_gone.fetch_add(1, std::memory_order_relaxed);
}

pid_t worker_peek_rest(Worker& worker) noexcept {
  SpinGuard guard(worker.complist.lock);
  if (worker.rest.empty()) return -1;
  return static_cast<Worker&>(worker.rest.front()).id;
}

bool worker_advance(UmsData& data, pid_t id, pid_t next_id) noexcept {
  RcuReadGuard guard;
  Worker* const worker = data.workers.find(id);
  if (worker == nullptr) return false;
  SpinGuard list_guard(worker->complist.lock);
  // Acquire, with worker_hand_out: the number of its link is there.
  const WorkerState state = worker->state.load(std::memory_order_acquire);
  if (worker->rest.empty() || state == WorkerState::kListed) return false;
  auto& next = static_cast<Worker&>(worker->rest.front());
  if (next.id != next_id) return false;
  worker->rest.pop_front();
  worker->carries.store(false, std::memory_order_relaxed);
  next.rest.swap(worker->rest);
  next.rest_length = std::exchange(worker->rest_length, 0) - 1;
  next.carries.store(!next.rest.empty(), std::memory_order_relaxed);
  next.link = worker->link + 1;
  next.dequeuer.store(living_dequeuer_locked(*worker, next), std::memory_order_relaxed);
  next.state.store(WorkerState::kReached, std::memory_order_release);
  return true;
}

// The lock is taken for every worker: who hands the scheduler on by NEXT has done so before, and
// then it is found here, or sees afterwards that it has ended.
void worker_orphan(Worker& worker, const Scheduler& scheduler) noexcept {
  SpinGuard guard(worker.complist.lock);
  if (worker.dequeuer.load(std::memory_order_relaxed) != &scheduler) return;
  worker.dequeuer.store(nullptr, std::memory_order_relaxed);
  if (worker.state.load(std::memory_order_relaxed) != WorkerState::kReached) return;
  report_orphan(scheduler, worker);
  for (WorkerNode& node : worker.rest) {
    auto& carried = static_cast<Worker&>(node);
    carried.dequeuer.store(nullptr, std::memory_order_relaxed);  // reported here, and not again
    carried.state.store(WorkerState::kReached, std::memory_order_release);
    report_orphan(scheduler, carried);
  }
  worker.rest.clear();
  worker.rest_length = 0;
  worker.carries.store(false, std::memory_order_relaxed);
}

void worker_release_all(UmsData& data) noexcept {
  data.workers.for_each([&data](Worker& worker) {
    data.workers.remove(worker);
    worker.task.module_roles.fetch_sub(1, std::memory_order_release);  // the task may end now
    call_rcu(&worker.rcu, free_worker);
  });
}

}  // namespace ums::kernel
