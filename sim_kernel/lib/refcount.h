// SPDX-License-Identifier: Apache-2.0
//
// Refcount: how many references to an object exist (Linux: refcount_t, kref).
//
// A count that leaves its range would free an object that is in use. Instead it saturates: it stays
// at a value from which no number of calls brings it back, the object leaks, and the first sight of
// it is reported in the kernel log with Linux's words.
//
// Guarantees:
// 1. Of all dec_and_test calls exactly one returns true: the one that drops the last reference.
// 2. inc_not_zero never revives an object whose last reference is gone.
// 3. A saturated count stays so, and no dec_and_test of it returns true.
//
// Thread safety: all functions, from any thread.
#pragma once

#include <atomic>
#include <climits>

#include "sim_kernel/sync/preemption.h"

namespace ums::kernel {

class Refcount {
 public:
  // The middle of the range that counts as saturated, all negative numbers.
  static constexpr int kSaturated = INT_MIN / 2;

  explicit Refcount(int count = 1) noexcept : count_(count) {}
  Refcount(const Refcount&) = delete;
  Refcount& operator=(const Refcount&) = delete;

  // Adds a reference. The caller has one.
  // Ordering: none; whatever passed the caller's reference to it did the ordering.
  void inc() noexcept {
    preemption_point(KernelStep::kUpdate, &count_);
    const int old = count_.fetch_add(1, std::memory_order_relaxed);
    if (old <= 0 || old == INT_MAX) [[unlikely]]
      saturate_after_inc(old);
  }

  // Adds a reference unless there is none. Returns whether it did.
  // Ordering: none if it did not; RCU or a lock keeps the memory there meanwhile.
  [[nodiscard]] bool inc_not_zero() noexcept {
    preemption_point(KernelStep::kUpdate, &count_);
    int old = count_.load(std::memory_order_relaxed);
    do {
      if (old == 0) return false;
      if (old < 0 || old == INT_MAX) [[unlikely]] {
        saturate_after_inc(old);
        return true;
      }
    } while (!count_.compare_exchange_weak(old, old + 1, std::memory_order_relaxed));
    return true;
  }

  // Drops a reference. Returns true if it was the last: the caller frees the object.
  // Ordering: release, and acquire for the last; pairs with itself in other threads, so that all
  // uses of the object come before it is freed.
  [[nodiscard]] bool dec_and_test() noexcept {
    preemption_point(KernelStep::kUpdate, &count_);
    const int old = count_.fetch_sub(1, std::memory_order_acq_rel);
    if (old == 1) return true;
    if (old <= 0) [[unlikely]]
      saturate_after_dec();
    return false;
  }

  // The number of references: a snapshot, for reports and tests.
  int read() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  void saturate_after_inc(int old) noexcept;
  void saturate_after_dec() noexcept;

  std::atomic<int> count_;
};

}  // namespace ums::kernel
