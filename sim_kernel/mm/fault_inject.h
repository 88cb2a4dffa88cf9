// SPDX-License-Identifier: Apache-2.0
//
// Fault injection: makes one allocation fail, so that tests walk every out-of-memory path (Linux:
// /proc/self/fail-nth).
//
//     for (int n = 1;; ++n) {
//       fault_inject_fail_nth(n);
//       const int result = call_under_test();
//       if (!fault_inject_disarm()) break;   // fewer than n sites: all were tried
//       EXPECT_EQ(result, -ENOMEM);
//     }
//
// Every allocator of the kernel asks fault_inject_should_fail once for each allocation. A failure
// is logged as Linux does: `FAULT_INJECTION: forcing a failure.` and the site.
//
// Invariants:
// 1. One thread is armed at a time. A site counts if it runs on that thread's own stack, wherever
//    the thread runs: a captured thread's park stack is not its own, and never fails.
// 2. Not armed, a site costs one load and one branch that is not taken.
//
// Thread safety: sites on any thread and any stack; arming from one thread at a time.
#pragma once

#include <atomic>

namespace ums::kernel {

extern std::atomic<bool> fault_inject_armed __attribute__((visibility("hidden")));

// Lets the n-th allocation that the calling thread reaches from now on fail, counted from 1.
void fault_inject_fail_nth(unsigned n) noexcept;

// Ends it. Returns whether an allocation was made to fail.
bool fault_inject_disarm() noexcept;

// How many allocations were made to fail since the program started.
unsigned fault_inject_failures() noexcept;

bool fault_inject_should_fail_slow(const char* site) noexcept;

// Whether the allocation at `site` (a cache's name, or a function's) must fail now.
inline bool fault_inject_should_fail(const char* site) noexcept {
  if (!fault_inject_armed.load(std::memory_order_relaxed)) [[likely]]
    return false;
  return fault_inject_should_fail_slow(site);
}

}  // namespace ums::kernel
