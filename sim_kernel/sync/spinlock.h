// SPDX-License-Identifier: Apache-2.0
//
// SpinLock: mutual exclusion for a few instructions (Linux: spinlock_t).
//
//     SpinLock<LockRank::kComplist> lock_;
//     SpinGuard guard(lock_);
//
// There is one atomic exchange to take it and a plain store to give it back. A waiter spins
// briefly, then gives its processor away: the holder may have been preempted, which a kernel
// thread in user space cannot prevent.
//
// Invariants:
// 1. A holder does not sleep, switch tasks, or call user code.
// 2. Locks are taken in the order of their ranks (lock_rank.h).
//
// Thread safety: that is what it is for. A signal handler must not take one: the kernel refuses
// calls from handlers that interrupted it (Task::syscall_file).
#pragma once

#include <atomic>

#include "sim_kernel/base/thread_annotations.h"
#include "sim_kernel/sync/backoff.h"
#include "sim_kernel/sync/lock_rank.h"
#include "sim_kernel/sync/preemption.h"

#if UMS_MACHINE_SIMULATED
#include "sim_kernel/simulated/races/lock_order.h"
#endif

namespace ums::kernel {

template <LockRank kRank>
class CAPABILITY("spinlock") SpinLock {
 public:
  constexpr SpinLock() noexcept = default;
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

  // Ordering: acquire; pairs with the release in unlock().
  void lock() noexcept ACQUIRE() {
    lock_rank_acquire(kRank);
    if constexpr (kPreemptible) preemption_point(KernelStep::kUpdate, this);
    if (held_.exchange(true, std::memory_order_acquire)) [[unlikely]] {
      lock_contended();
    }
#if UMS_MACHINE_SIMULATED
    note_locked<kRank>(this);
#endif
  }

  void unlock() noexcept RELEASE() {
    if constexpr (kPreemptible) preemption_point(KernelStep::kUpdate, this);
#if UMS_MACHINE_SIMULATED
    note_unlocked<kRank>(this);
#endif
    held_.store(false, std::memory_order_release);
    lock_rank_release(kRank);
    if constexpr (kPreemptible) preemption_wake(this);
  }

  // Forgets its holder. Only for the one thread of a forked child: whoever held it stayed behind.
  void reset_after_fork() noexcept { held_.store(false, std::memory_order_relaxed); }

 private:
  // What the simulated machine takes itself is not held while others go on.
  static constexpr bool kPreemptible =
      kRank != LockRank::kTaskList && kRank != LockRank::kSlab && kRank != LockRank::kPublish;

  [[gnu::cold, gnu::noinline]] void lock_contended() noexcept {
    for (Backoff backoff; held_.exchange(true, std::memory_order_acquire);) {
      while (held_.load(std::memory_order_relaxed)) {
        if (!kPreemptible || !preemption_wait(this)) backoff.wait();
      }
    }
  }

  std::atomic<bool> held_{false};
};

// Holds a lock for a scope.
template <typename Lock>
class SCOPED_CAPABILITY SpinGuard {
 public:
  explicit SpinGuard(Lock& lock) noexcept ACQUIRE(lock) : lock_(lock) { lock_.lock(); }
  ~SpinGuard() RELEASE() { lock_.unlock(); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  Lock& lock_;
};

}  // namespace ums::kernel
