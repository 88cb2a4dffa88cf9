// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sync/rcu.h"

#include <utility>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/sync/backoff.h"
#include "sim_kernel/sync/spinlock.h"

namespace ums::kernel {

constinit std::atomic<unsigned long> rcu_now{1};

namespace {

// How far the grace period in progress is. Both waits are for readers of the phase that is not
// `rcu_now`'s: first those that read it before the last flip but stored it late, which this period
// could not tell from new readers once it has flipped; then those that began before the flip.
enum class GraceStage { kNone, kLateReaders, kFlipped };

SpinLock<LockRank::kRcuGrace> grace_lock;
GraceStage grace_stage GUARDED_BY(grace_lock) = GraceStage::kNone;
// Even: that many halves of grace periods are over. Odd: one is in progress (Linux: gp_seq).
unsigned long grace_seq GUARDED_BY(grace_lock) = 0;

// Callbacks: pushed on `incoming`, newest first; then `waiting`, oldest first, for grace_seq to
// reach `waiting_until`; then run by the one thread for which `running` is set.
constinit std::atomic<RcuHead*> incoming{nullptr};
// What forked children have given up: LeakSanitizer finds it here.
RcuHead* given_up[2] = {};
RcuHead* waiting GUARDED_BY(grace_lock) = nullptr;
unsigned long waiting_until GUARDED_BY(grace_lock) = 0;
bool running GUARDED_BY(grace_lock) = false;
constinit std::atomic<int> pending{0};  // callbacks that have not run

// Whether any reader is in a section that began in the other phase.
// Ordering: acquire, with the release of rcu_read_unlock: ended sections are behind the caller.
bool old_readers_exist() noexcept {
  struct Search {
    unsigned long phase;
    bool found;
  } search = {rcu_now.load(std::memory_order_relaxed) & kRcuPhase, false};
  for_each_task(
      [](Task& task, void* argument) {
        auto& result = *static_cast<Search*>(argument);
        const unsigned long reader = task.rcu_reader.load(std::memory_order_acquire);
        const bool reads = (reader & kRcuNestMask) != 0;
        if (reads && (reader & kRcuPhase) != result.phase) result.found = true;
      },
      &search);
  return search.found;
}

// Takes the grace period on, beginning one if there is none, as far as that goes without waiting.
// Returns whether it is over.
//
// Why no reader is missed: a reader that read something before it was taken out did so before the
// first membarrier, and stored its rcu_reader before that; so the scans see the store. With the
// other phase it is waited for here, with the present one after the flip. A reader that stores
// later reads later, and finds nothing that was taken out. The second membarrier puts what the
// readers did before their unlock before what the caller does next.
bool advance_grace_period() noexcept REQUIRES(grace_lock) {
  if (grace_stage == GraceStage::kNone) {
    ++grace_seq;
    preemption_point(KernelStep::kUpdate, &rcu_now);
    membarrier_all_threads();
    grace_stage = GraceStage::kLateReaders;
  }
  if (grace_stage == GraceStage::kLateReaders) {
    if (old_readers_exist()) return false;
    preemption_point(KernelStep::kUpdate, &rcu_now);
    rcu_now.fetch_xor(kRcuPhase, std::memory_order_seq_cst);
    grace_stage = GraceStage::kFlipped;
    preemption_point(KernelStep::kUpdate, &rcu_now);
  }
  if (old_readers_exist()) return false;
  membarrier_all_threads();
  grace_stage = GraceStage::kNone;
  ++grace_seq;
  return true;
}

// What grace_seq is at least once a whole grace period has passed from now on. One that is in
// progress does not count: it may have looked at a reader before what we took out was taken out.
unsigned long next_grace_seq() noexcept REQUIRES(grace_lock) { return (grace_seq + 3) & ~1UL; }

// Returns whether grace_seq has come to `target`, after doing what can be done for it.
bool reach_grace_seq(unsigned long target) noexcept REQUIRES(grace_lock) {
  while (static_cast<long>(grace_seq - target) < 0) {
    if (!advance_grace_period()) return false;
  }
  return true;
}

RcuHead* reversed(RcuHead* list) noexcept {
  RcuHead* result = nullptr;
  while (list != nullptr) {
    RcuHead* const next = std::exchange(list->next, result);
    result = std::exchange(list, next);
  }
  return result;
}

// Takes the oldest callbacks if their grace period is over. The caller runs them and then says so
// by finish_running. Null if there are none, or another thread is at it.
RcuHead* take_due_callbacks() noexcept EXCLUDES(grace_lock) {
  SpinGuard guard(grace_lock);
  if (running) return nullptr;
  if (waiting == nullptr) {
    // Acquire, with the release of call_rcu.
    preemption_point(KernelStep::kUpdate, &incoming);
    waiting = reversed(incoming.exchange(nullptr, std::memory_order_acquire));
    if (waiting == nullptr) return nullptr;
    waiting_until = next_grace_seq();
  }
  if (!reach_grace_seq(waiting_until)) return nullptr;
  running = true;
  return std::exchange(waiting, nullptr);
}

void finish_running(int count) noexcept EXCLUDES(grace_lock) {
  pending.fetch_sub(count, std::memory_order_relaxed);  // a hint, see call_rcu
  SpinGuard guard(grace_lock);
  running = false;
}

void assert_may_wait(const char* where) noexcept {
  rcu_assert_not_reading(where);
  kassert(!lock_rank_any_held(), "{} with a spinlock held", where);
}

}  // namespace

Task& rcu_first_reader() noexcept {
  Task* const task = make_current_task();
  kassert(task != nullptr, "an RCU reader without a task");
  return *task;
}

void rcu_assert_not_reading_failed(const char* where) noexcept {
  kassert(!rcu_read_lock_held(),
          "Voluntary context switch within RCU read-side critical section! (in {})", where);
}

void call_rcu(RcuHead* head, void (*function)(RcuHead* head)) noexcept {
  kassert(head->function == nullptr,
          "ODEBUG: activate active (active state 1) object: {} object type: rcu_head",
          static_cast<const void*>(head));
  head->function = function;
  preemption_point(KernelStep::kLoad, &incoming);
  head->next = incoming.load(std::memory_order_relaxed);
  preemption_point(KernelStep::kUpdate, &incoming);
  // Release, with the acquire of take_due_callbacks. No ABA: nothing is popped but the whole list.
  while (!incoming.compare_exchange_weak(head->next, head, std::memory_order_release,
                                         std::memory_order_relaxed)) {
  }
  // Relaxed: a count that is off by a few asks a little earlier or later.
  if (pending.fetch_add(1, std::memory_order_relaxed) + 1 >= kRcuCallbacksMax) {
    rcu_reader_task().exit_work.fetch_or(kExitRcu, std::memory_order_relaxed);  // its own bit
  }
}

void synchronize_rcu() noexcept {
  assert_may_wait("synchronize_rcu");
  unsigned long target = 0;
  {
    SpinGuard guard(grace_lock);
    target = next_grace_seq();
    if (reach_grace_seq(target)) return;
  }
  for (Backoff backoff;;) {
    if (!preemption_yield()) backoff.wait();
    SpinGuard guard(grace_lock);
    if (reach_grace_seq(target)) return;
  }
}

void rcu_do_callbacks() noexcept {
  assert_may_wait("rcu_do_callbacks");
  if (current_or_null != nullptr) {
    current_or_null->exit_work.fetch_and(~std::uint32_t{kExitRcu}, std::memory_order_relaxed);
  }
  RcuHead* head = take_due_callbacks();
  if (head == nullptr) return;
  int count = 0;
  for (; head != nullptr; ++count) {
    RcuHead* const next = head->next;  // the callback frees the head
    std::exchange(head->function, nullptr)(head);
    head = next;
  }
  finish_running(count);
}

// A callback of our own, behind all that were queued before.
void rcu_barrier() noexcept {
  struct Marker : RcuHead {
    std::atomic<bool> reached{false};
  } marker;
  call_rcu(&marker, [](RcuHead* head) {
    // Release, with the acquire below; the marker is gone as soon as it is set.
    static_cast<Marker*>(head)->reached.store(true, std::memory_order_release);
  });
  for (Backoff backoff; !marker.reached.load(std::memory_order_acquire);) {
    rcu_do_callbacks();
    if (!preemption_yield()) backoff.wait();
  }
}

void rcu_init() noexcept { membarrier_init(); }

// No reader exists but perhaps the caller, who is not in a section: a grace period that was in
// progress is over as soon as its first scan looks. What waits for one is given up: it may be in
// memory that the parent went on with until this process had a copy (publish/publish.h).
void rcu_reset_after_fork() noexcept NO_THREAD_SAFETY_ANALYSIS {
  membarrier_init();
  grace_lock.reset_after_fork();
  grace_stage = GraceStage::kNone;
  grace_seq += grace_seq & 1;
  running = false;
  given_up[0] = std::exchange(waiting, nullptr);
  given_up[1] = incoming.exchange(nullptr);
  pending.store(0);
}

}  // namespace ums::kernel
