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
#include <utility>

#include "sim_kernel/base/result.h"
#include "sim_kernel/base/thread_annotations.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sched/wake_up.h"
#include "sim_kernel/sync/preemption.h"

namespace ums::kernel {

class WaitQueue {
 public:
  // Sleeps until `predicate` is true. Returns at once if it is. EINTR: a signal was handled whose
  // handler does not have SA_RESTART, and the predicate is still false.
  // Context: the caller's own task; `lock` is held on entry and on return, and released meanwhile.
  template <typename Lock, typename Predicate>
  Result<void> wait_event_interruptible(Lock& lock, Predicate predicate) noexcept REQUIRES(lock) {
    if (predicate()) [[likely]] {
      return {};
    }
    Waiter& self = current_task()->waiter;
    add(self, lock);
    bool interrupted = false;
    while (!predicate() && !interrupted) {
      self.woken.store(0, std::memory_order_relaxed);
      lock.unlock();
      preemption_point(KernelStep::kLoad, &self.woken);
      interrupted = !sleep_until_woken(self);
      lock.lock();
    }
    const bool satisfied = predicate();
    if (satisfied) self.woken.store(0, std::memory_order_relaxed);  // nothing to pass on
    remove(self);
    return satisfied ? Result<void>() : Result<void>(Error{EINTR});
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
  // The machine's. Returns false if a signal ended the sleep.
  static bool sleep_until_woken(Waiter& waiter) noexcept;

  template <typename Lock>
  void add(Waiter& waiter, Lock& lock) noexcept {
    waiter.queue = this;
    waiter.lock = &lock;
    waiter.leave = [](Waiter& left) NO_THREAD_SAFETY_ANALYSIS noexcept {
      auto& its_lock = *static_cast<Lock*>(left.lock);
      its_lock.lock();
      left.queue->remove(left);
      its_lock.unlock();
    };
    waiters_.push_back(waiter);
  }

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

// Something that a call of the calling task keeps while it waits: given back at the end of the
// scope, or when the call is found to have been left. One at a time.
template <typename T, void (*kPut)(T& object) noexcept>
class HeldWhileWaiting {
 public:
  explicit HeldWhileWaiting(T& object) noexcept : waiter_(current_task()->waiter) {
    waiter_.put = [](void* held) noexcept { kPut(*static_cast<T*>(held)); };
    waiter_.held = &object;
  }
  ~HeldWhileWaiting() { waiter_.put(std::exchange(waiter_.held, nullptr)); }
  HeldWhileWaiting(const HeldWhileWaiting&) = delete;
  HeldWhileWaiting& operator=(const HeldWhileWaiting&) = delete;

 private:
  Waiter& waiter_;
};

}  // namespace ums::kernel
