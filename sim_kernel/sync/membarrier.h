// SPDX-License-Identifier: Apache-2.0
//
// An asymmetric memory barrier: free for the frequent side, a system call for the rare one
// (Linux: membarrier(2), MEMBARRIER_CMD_PRIVATE_EXPEDITED; userspace-rcu's "memb" flavour).
//
// Two threads that each store to one variable and then read the other's ("store buffering") need a
// full barrier between store and load on both sides, or both may read the old values. Here
//
//     frequent: store_then_light_barrier(mine, x);         rare: theirs.store(y);
//               theirs.load();                                   membarrier_all_threads();
//                                                                mine.load();
//
// Guarantees:
// 1. At least one of the two sees what the other stored.
// 2. What the frequent side does after its light barrier comes after the rare side's stores, or the
//    rare side sees the frequent side's store.
// Where Linux refuses membarrier (old kernels, sandboxes) the light barrier is a real fence; which,
// is decided once, by membarrier_init. Before that it is a real fence too.
//
// Thread safety: all functions, from any thread.
#pragma once

#include <atomic>
#include <type_traits>

namespace ums::kernel {

// True once light barriers need no instruction. Constant after membarrier_init.
extern std::atomic<bool> membarrier_fast __attribute__((visibility("hidden")));

// Registers the process with Linux. Returns whether the fast way exists. Repeating it is harmless;
// the one thread of a forked child must repeat it.
bool membarrier_init() noexcept;

// The rare side: a full barrier here and, between two of its instructions, in each running thread.
// Context: any, but may take tens of microseconds.
void membarrier_all_threads() noexcept;

// The frequent side: stores `value`, ordered after all that the caller did before (release), and
// before all that it does afterwards.
// Ordering: pairs with membarrier_all_threads. ThreadSanitizer cannot see barriers, so in its
// builds the store is a sequentially consistent exchange.
template <typename T>
inline void store_then_light_barrier(std::atomic<T>& object,
                                     std::type_identity_t<T> value) noexcept {
#if UMS_SANITIZE_THREAD
  object.exchange(value, std::memory_order_seq_cst);
#else
  object.store(value, std::memory_order_release);
  if (membarrier_fast.load(std::memory_order_relaxed)) [[likely]] {
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the compiler alone
  } else {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
#endif
}

}  // namespace ums::kernel
