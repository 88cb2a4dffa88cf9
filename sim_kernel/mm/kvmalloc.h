// SPDX-License-Identifier: Apache-2.0
//
// kvmalloc: memory for tables whose size is known at run time only (Linux: kvmalloc, kvfree).
// Objects of one size come from a SlabCache.
//
// Thread safety: any thread; not in a signal handler, not on a park stack (it uses malloc). Leaves
// errno alone.
#pragma once

#include <cstddef>

namespace ums::kernel {

// Returns `bytes` bytes, aligned for any type, not initialised; null if there are none, or by fault
// injection. Ownership: the caller's, until kvfree.
[[nodiscard]] void* kvmalloc(std::size_t bytes) noexcept;

// Frees what kvmalloc returned; null is allowed.
void kvfree(void* memory) noexcept;

// How many allocations are not freed yet.
std::size_t kvmalloc_live() noexcept;

}  // namespace ums::kernel
