// SPDX-License-Identifier: Apache-2.0
//
// Threads that die in a call: see worker_die.
#include <cerrno>

#include "sim_kernel/ums/switch_path.h"

namespace ums::kernel {

namespace {

// Takes `worker` out of `list`; false if it is not in there.
bool erase_locked(WorkerList& list, const Worker& worker) noexcept {
  for (auto before = list.before_begin(), it = list.begin(); it != list.end(); before = it++) {
    if (&*it != static_cast<const WorkerNode*>(&worker)) continue;
    list.erase_after(before);
    return true;
  }
  return false;
}

// Takes it out of the batch that `carrier` carries, and its link away.
bool erase_from_batch(Worker& carrier, const Worker& worker) noexcept {
  if (&carrier.complist != &worker.complist) return false;
  SpinGuard guard(carrier.complist.lock);
  if (!erase_locked(carrier.rest, worker)) return false;
  --carrier.rest_length;
  carrier.carries.store(!carrier.rest.empty(), std::memory_order_relaxed);
  worker_unlink_elsewhere(carrier);
  return true;
}

bool erase_from_list(Complist& list, const Worker& worker) noexcept {
  SpinGuard guard(list.lock);
  if (!erase_locked(list.workers, worker)) return false;
  --list.length;
  return true;
}

void leave_list_or_batch(Worker& worker) noexcept {
  if (erase_from_list(worker.complist, worker)) return;
  RcuReadGuard guard;
  bool found = false;
  worker.data.workers.walk([&](Worker& carrier) {
    if (!found) found = erase_from_batch(carrier, worker);
  });
}

// Tells a scheduler that is not in EXEC for the worker, and may wait for an event.
void tell_scheduler(Scheduler& scheduler, const Worker& worker) noexcept {
  WakeUp wake;
  {
    SpinGuard guard(scheduler.lock);
    if (!scheduler.events.reserve().ok()) return;
    scheduler.events.push_terminated(worker.id);
    wake = scheduler.event_waiters.wake_up_one();
  }
  wake.wake_up();
}

}  // namespace

void worker_die(Worker& worker) noexcept {
  if (worker.state.load(std::memory_order_relaxed) == WorkerState::kListed) {
    leave_list_or_batch(worker);
  } else {
    worker_unlink_elsewhere(worker);
  }
  trace_worker_exit(worker.id, worker.scheduler != nullptr ? worker.scheduler->id : 0);
  if (worker.scheduler != nullptr) tell_scheduler(*worker.scheduler, worker);
  worker_unregister(worker);
}

void worker_forget_scheduler(Worker& worker, const Scheduler& scheduler) noexcept {
  if (worker.scheduler != &scheduler) return;
  worker.scheduler = nullptr;
  if (worker.task.resumer == &scheduler.task) worker.task.resumer = nullptr;
}

}  // namespace ums::kernel
