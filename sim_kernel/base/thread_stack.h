// SPDX-License-Identifier: Apache-2.0
//
// Where the calling thread's own stack lies, as pthread_create or Linux laid it out.
//
// Thread safety: any thread; not in a signal handler, not on a park stack (glibc allocates).
#pragma once

namespace ums::kernel {

// [low, high) in addresses; both 0 if it cannot be found out. The lowest pages of the main
// thread's stack need not be mapped yet.
struct ThreadStack {
  unsigned long low = 0;
  unsigned long high = 0;

  bool contains(unsigned long address) const noexcept { return address >= low && address < high; }
};

// Leaves errno alone.
ThreadStack thread_stack() noexcept;

}  // namespace ums::kernel
