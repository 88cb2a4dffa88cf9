// SPDX-License-Identifier: Apache-2.0
//
// Worker: a thread in worker mode, in one open file.
//
//   state      where the worker is                                     who moves it on
//   kListed    in its completion list, in the hand of a DEQUEUE that    DEQUEUE (the first of the
//              has not returned, or in a batch not walked as far as it batch), NEXT
//   kReached   out of its list: DEQUEUE or NEXT has named it           EXEC
//   kRunning   executed by `scheduler`                                 itself: YIELD, EXIT
//   kEnded     unregistered; memory lives to the end of a grace period nobody
//
// Invariants:
// 1. A registered worker that is not running is suspended inside ENTER or YIELD.
// 2. `rest` is empty unless the worker is reached, running, or in the hand of a DEQUEUE.
// 3. Exactly one scheduler executes a worker: EXEC claims it by compare-and-swap.
// 4. `dequeuer` is null or a scheduler that has not ended.
//
// Thread safety: `state` moves kReached -> kRunning without a lock, all others under the list's;
// `rest` under the list's lock. Other fields belong to the worker's thread while it runs, and to
// who claimed it otherwise. Found by id under RCU.
#pragma once

#include <atomic>
#include <cstdint>

#include "sim_kernel/base/kassert.h"
#include "sim_kernel/lib/rhashtable.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sched/wake_up.h"
#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/ums/worker_list.h"

namespace ums::kernel {

class UmsData;
struct Complist;
struct ProcNode;
struct Scheduler;

enum class WorkerState : std::uint8_t { kListed, kReached, kRunning, kEnded };

const char* worker_state_name(WorkerState state) noexcept;

struct alignas(kCacheLineBytes) Worker : WorkerNode {
  Worker(UmsData& owner, Task& thread, Complist& list) noexcept
      : id(thread.tid), task(thread), complist(list), data(owner) {}

  // --- the first cache line: the switch path ---
  std::atomic<WorkerState> state{WorkerState::kRunning};
  std::atomic<bool> carries{false};  // whether `rest` is not empty
  const pid_t id;                    // its thread's
  RhashNode node;
  Task& task;
  Complist& complist;                         // its own list; it is a user of it
  Scheduler* scheduler = nullptr;             // who executed it last; null before, or if that died
  std::atomic<Scheduler*> dequeuer{nullptr};  // who took it out of its list last
  std::atomic<std::uint64_t> switches{0};     // its YIELDs; written by itself

  WorkerList rest;                 // of its batch, behind it, not walked yet
  std::uint32_t rest_length = 0;   // as `rest`; 0 exactly while that is empty
  std::atomic<bool> shown{false};  // in /proc/ums (proc.h)
  std::uint64_t link = 0;          // its number in the dequeuer's folder of /proc/ums, once reached
  UmsData& data;
  RcuHead rcu;
  ProcNode* proc_folder = nullptr;  // constant once others can see the worker
};

// ENTER: makes the caller a worker of list `list_id`, suspends it there, and returns when it is
// executed. Errors: ENOMEM (is one already; no memory), EINVAL (no such list).
Result<void> worker_enter(UmsData& data, Task& me, int list_id) noexcept;

// YIELD: suspends the caller, tells its scheduler, and returns when it is executed again.
// Errors: ESRCH (not a running worker).
inline Result<void> worker_yield(UmsData& data, Task& me, void* params) noexcept;

// Puts the caller on its list, where others may execute it from now on. It must switch away next.
// Returns the wake-up of a scheduler that waited for it.
[[nodiscard]] inline WakeUp worker_suspend(Worker& worker) noexcept;

// YIELD of a worker whose scheduler does not wait beneath it on this Cpu: the worker has been
// suspended through another file since, and that scheduler's own Cpu idles.
Result<void> worker_yield_elsewhere(Worker& worker, void* params) noexcept;

// EXIT: ends the caller as a worker and tells its scheduler; it goes on as a plain thread, on its
// own kernel thread. Errors: ESRCH.
Result<void> worker_exit(UmsData& data, Task& me) noexcept;

// The worker `id`, or ESRCH.
// Context: in a read section, to whose end it is valid; a worker that the caller has claimed stays
// until it runs.
inline Result<Worker*> worker_find(UmsData& data, pid_t id) noexcept;

// The last step of DEQUEUE, when nothing can fail any more: from now on every scheduler that knows
// the id, which it returns, may execute the worker, and it may be gone.
// Ordering: release; pairs with worker_claim.
inline pid_t worker_hand_out(Worker& first) noexcept;

// Claims a worker for EXEC: it is running from now on. Errors: EBUSY (running already, or not yet
// named by DEQUEUE or NEXT; reported), ESRCH (it has ended since).
inline Result<void> worker_claim(Worker& worker, const Task& claimer) noexcept;
Error worker_claim_failed(const Worker& worker, WorkerState state, const Task& claimer) noexcept;

// Takes away the link to a worker that another scheduler than its dequeuer has claimed.
// Context: in the read section in which it was found.
void worker_unlink_elsewhere(Worker& worker) noexcept;

// NEXT, in two halves, so that a copy to the program can fail in between and lose nothing.
// worker_peek_next returns the id behind `id` in its batch, or -1 at the end. Errors: ESRCH (no
// such worker; in its list, or not reached yet: reported). worker_advance hands the rest of the
// batch on to `next`; false if somebody else did meanwhile.
inline Result<pid_t> worker_peek_next(UmsData& data, pid_t id) noexcept;
Error worker_not_reached(const Worker& worker, WorkerState state) noexcept;
pid_t worker_peek_rest(Worker& worker) noexcept;
bool worker_advance(UmsData& data, pid_t id, pid_t next) noexcept;

// Both halves at once.
inline Result<pid_t> worker_next(UmsData& data, pid_t id) noexcept;

// Takes a worker's registration back. What is left of its batch returns to its list.
void worker_unregister(Worker& worker) noexcept;

// Ends a worker whose thread has died in ENTER or YIELD, suspended there: it leaves its list or
// batch, and the scheduler that executed it last, if there is one, gets the TERMINATED event.
// Context: a machine of which kThreadsDieInCalls is true.
void worker_die(Worker& worker) noexcept;

// The end of `scheduler` in EXEC, on such a machine: the worker goes on without one.
void worker_forget_scheduler(Worker& worker, const Scheduler& scheduler) noexcept;

// What the end of `scheduler` means for a worker: one that it had dequeued stays executable, and so
// do those that the worker carries. They are in no list, and reported.
void worker_orphan(Worker& worker, const Scheduler& scheduler) noexcept;

// Frees every worker of a file that is released. Context: nobody is inside the file.
void worker_release_all(UmsData& data) noexcept;

}  // namespace ums::kernel
