// SPDX-License-Identifier: Apache-2.0
//
// WaitQueue: tasks that sleep until something is true (Linux: wait_queue_head_t).
//
//     Result<void> result = queue.wait_event_interruptible(lock, [&] { return !list.empty(); });
//     ...
//     WakeUp wake = queue.wake_up_one();   // and without the lock: wake.wake_up();
//
// The only way to sleep is wait_event_interruptible: it puts the task on the queue, checks,
// unlocks, sleeps, locks and checks again, so that its users cannot get the order wrong.
//
// Lost wake-ups: the predicate and the queue are under the same lock. A waker either changes the
// predicate before the sleeper checks it, and the sleeper does not sleep; or afterwards, and then
// finds the sleeper on the queue. Between the sleeper's unlock and its sleep the wake-up is kept
// in its `woken` word, on which the futex call compares.
//
// A handler runs on top of the call that it interrupts, and may leave it:
//   - by an unwinding (pthread_exit, cancellation, an exception): the wait ends as by EINTR on the
//     way. Nothing between a sleep and the C interface is noexcept.
//   - by siglongjmp: nobody is told. The task counts as asleep until it makes its next call, which
//     finds that out by the stack (has_left_wait), or ends. A wake-up that comes meanwhile is
//     passed on only then; a reference that the call held is not given back.
//
// Invariants:
// 1. A waiter is on the queue exactly while it waits; it takes itself off, under the lock.
// 2. wake_up_one wakes the oldest waiter that was not woken yet. A waiter that was woken but leaves
//    for another reason passes the wake-up on.
//
// Thread safety: every member requires the lock of the object that the queue belongs to.
#pragma once

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cerrno>
#include <cstdint>

#include "sim_kernel/base/result.h"
#include "sim_kernel/base/thread_annotations.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sched/wake_up.h"

namespace ums::kernel {

class WaitQueue {
 public:
  // Sleeps until `predicate` is true. Returns at once if it is. EINTR: a signal was handled whose
  // handler does not have SA_RESTART, and the predicate is still false.
  // Context: the caller's own task; `lock` is held on entry and on return, and released meanwhile.
  template <typename Lock, typename Predicate>
  Result<void> wait_event_interruptible(Lock& lock, Predicate predicate) REQUIRES(lock) {
    if (predicate()) [[likely]] {
      return {};
    }
    Waiter& self = current_task()->waiter;
    const Place place(*this, lock, self);
    for (;;) {
      const bool interrupted = !sleep_unlocked(lock, self);
      if (predicate()) {
        self.woken.store(0, std::memory_order_relaxed);  // nothing to pass on
        return {};
      }
      if (interrupted) return Error{EINTR};
      self.woken.store(0, std::memory_order_relaxed);
    }
  }

  // Lets the oldest waiter go on. It is told so by the result's wake_up(), without the lock.
  [[nodiscard]] WakeUp wake_up_one() noexcept {
    for (Waiter& waiter : waiters_) {
      if (waiter.woken.load(std::memory_order_relaxed) != 0) continue;
      waiter.woken.store(1, std::memory_order_release);
      return WakeUp(waiter.woken);
    }
    return {};
  }

  // Lets all go on, and tells them.
  void wake_up_all() noexcept {
    for (Waiter& waiter : waiters_) {
      waiter.woken.store(1, std::memory_order_release);
      WakeUp(waiter.woken).wake_up();
    }
  }

  bool empty() const noexcept { return waiters_.empty(); }

 private:
  // A task's place in the queue, for a scope.
  class Place {
   public:
    template <typename Lock>
    Place(WaitQueue& queue, Lock& lock, Waiter& waiter) noexcept : waiter_(waiter) {
      waiter.woken.store(0, std::memory_order_relaxed);
      waiter.queue = &queue;
      waiter.lock = &lock;
      waiter.leave = [](Waiter& left) NO_THREAD_SAFETY_ANALYSIS noexcept {
        auto& its_lock = *static_cast<Lock*>(left.lock);
        its_lock.lock();
        left.queue->remove(left);
        its_lock.unlock();
      };
      queue.waiters_.push_back(waiter);
    }
    ~Place() { waiter_.queue->remove(waiter_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    Waiter& waiter_;
  };

  // Releases a lock for a scope.
  template <typename Lock>
  class Unlocked {
   public:
    explicit Unlocked(Lock& lock) noexcept NO_THREAD_SAFETY_ANALYSIS : lock_(lock) {
      lock_.unlock();
    }
    ~Unlocked() NO_THREAD_SAFETY_ANALYSIS { lock_.lock(); }
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;

   private:
    Lock& lock_;
  };

  // Returns false if a signal ended the sleep.
  template <typename Lock>
  static bool sleep_unlocked(Lock& lock, Waiter& waiter) {
    const Unlocked<Lock> unlocked(lock);
    return sleep_until_woken(waiter);
  }
  static bool sleep_until_woken(Waiter& waiter);

  // Takes `waiter` off, and passes on the wake-up that it has not used.
  void remove(Waiter& waiter) noexcept {
    waiters_.erase(waiters_.iterator_to(waiter));
    if (waiter.woken.load(std::memory_order_relaxed) != 0) wake_up_one().wake_up();
  }

  boost::intrusive::list<
      Waiter,
      boost::intrusive::member_hook<Waiter, boost::intrusive::list_member_hook<>, &Waiter::hook>,
      boost::intrusive::constant_time_size<false>>
      waiters_;
};

// Whether `me`, the caller, sleeps in a call that a signal handler has left by siglongjmp. The
// caller's stack tells: it is that of the call, or that call's frame is overwritten.
bool has_left_wait(const Task& me) noexcept;

// Ends the wait of a task that sleeps in a call which is gone. It is inside the file still.
void end_left_wait(Task& me) noexcept;

}  // namespace ums::kernel
