// SPDX-License-Identifier: Apache-2.0
//
// Scheduler: a thread that executes workers, in one open file.
//
// Its life is a loop: take an event, decide, take workers off a list, execute one. While it is in
// EXEC the worker runs in its place; the worker's YIELD or EXIT adds the event and ends the EXEC.
//
// Invariants:
// 1. A scheduler executes at most one worker.
// 2. `events` is touched by the scheduler's thread, or by the worker that runs in its place.
//
// Thread safety: fields belong to the scheduler's thread but for `events` (invariant 2) and what
// `lock` guards. Found by id under RCU.
#pragma once

#include <atomic>
#include <cstdint>

#include "sim_kernel/dev/file.h"
#include "sim_kernel/lib/rhashtable.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sched/wait_queue.h"
#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/sync/spinlock.h"
#include "sim_kernel/ums/event.h"

namespace ums::kernel {

class UmsData;
struct Complist;
struct ProcNode;
struct Worker;

struct Scheduler {
  Scheduler(UmsData& owner, Task& thread, Complist& list) noexcept
      : task(thread), complist(list), data(owner), id(thread.tid) {}

  Task& task;
  Complist& complist;  // the one it entered with; it is a user of it
  EventQueue events;
  std::atomic<std::uint64_t> switches{0};  // its EXECs; written by itself

  // Its links in /proc/ums (proc.h): made, less those that its own EXECs took away; the number of
  // the next; and those that others took away.
  std::uint64_t links = 0;
  std::uint64_t link_next = 1;
  std::atomic<std::uint64_t> links_gone{0};

  RhashNode node;
  UmsData& data;
  const pid_t id;  // its thread's
  RcuHead rcu;
  ProcNode* proc_folder = nullptr;  // constant once it is in the table
  std::atomic<bool> ended{false};   // written under `lock`
  std::atomic<bool> shown{false};   // in /proc/ums (proc.h)

  SpinLock<LockRank::kScheduler> lock;
  WaitQueue event_waiters GUARDED_BY(lock);  // the scheduler, while it has no event
};

// ENTER: makes the caller a scheduler with list `list_id` and one STARTUP event.
// Errors: ENOMEM (is one already; no memory), EINVAL (no such list).
Result<void> scheduler_enter(UmsData& data, Task& me, int list_id) noexcept;

// DQEVENT: waits until the caller has an event. It stays the oldest until events.pop().
// Errors: EINTR.
inline Result<void> scheduler_wait_event(Scheduler& scheduler);
Result<void> scheduler_sleep(Scheduler& scheduler);

// Removes the oldest event, which has been delivered, and writes it into the timeline.
inline void scheduler_event_taken(Scheduler& scheduler) noexcept;
void scheduler_trace_event(const Scheduler& scheduler) noexcept;

// The same, and takes the event. Errors: ESRCH (the caller is no scheduler), EINTR.
inline Result<ums_sched_event> scheduler_take_event(UmsData& data, Task& me);

// DEQUEUE: takes all workers of list `list_id`, waiting for one. Returns the first.
// Errors: EINVAL (no such list), ESRCH (the caller is no scheduler), EINTR.
inline Result<Worker*> scheduler_dequeue(UmsData& data, Task& me, int list_id);

// The same where `caller` is null, or the list is not the one that it entered with.
Result<Worker*> scheduler_dequeue_foreign(UmsData& data, Scheduler* caller, int list_id);

// EXEC: runs the worker `id` in the place of the caller until it yields or ends.
// Errors: ESRCH (no such worker; the caller is no scheduler), EBUSY (see worker_claim), ENOMEM.
inline Result<void> scheduler_execute(UmsData& data, Task& me, pid_t id) noexcept;

// Ends a scheduler whose thread ends. Workers that it took stay executable; they are reported.
void scheduler_end(Scheduler& scheduler) noexcept;

// Frees every scheduler of a file that is released. Context: nobody is inside the file.
void scheduler_release_all(UmsData& data) noexcept;

}  // namespace ums::kernel
