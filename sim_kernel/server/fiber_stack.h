// SPDX-License-Identifier: Apache-2.0
//
// Stacks of calls, from a pool. Of a suspended call's stack only the pages that it has used are
// memory: one, as a rule.
//
// There are no guard pages, which would cost two mappings a stack, of the 65,530 that a process may
// have. A word at the end of each tells of an overflow.
//
// Thread safety: one thread.
#pragma once

#include <cstddef>

namespace ums::kernel {

// Builds without optimisation or with instrumentation need more room for the same code.
#if !defined(__OPTIMIZE__) || UMS_SANITIZE_ADDRESS || UMS_SANITIZE_THREAD
inline constexpr std::size_t kFiberStackBytes = std::size_t{64} * 1024;
#else
inline constexpr std::size_t kFiberStackBytes = std::size_t{16} * 1024;
#endif

// A stack of kFiberStackBytes, or null.
void* fiber_stack_alloc() noexcept;
void fiber_stack_free(void* stack) noexcept;

}  // namespace ums::kernel
