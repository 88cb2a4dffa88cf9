// SPDX-License-Identifier: Apache-2.0
//
// The switch itself, in terms of Boost.Context: part of continuation.h, which explains it. Inline
// on the switch path, since an out-of-line wrapper costs a mispredicted return on either side.
#pragma once

#include <bit>
#include <cstring>

#include "sim_kernel/fiber/continuation.h"

namespace ums::kernel {

#if UMS_INLINE_SWITCH
#define UMS_SWITCH_LINKAGE inline __attribute__((always_inline))
#else
#define UMS_SWITCH_LINKAGE
#endif

static_assert(sizeof(boost::context::fiber) == sizeof(void*));

UMS_SWITCH_LINKAGE Continuation Continuation::resume() && noexcept {
  // Both fibers are empty when their destructors run: one was resumed, the other moved out.
  boost::context::fiber target;
  void* const bytes = std::exchange(fiber_, nullptr);
  std::memcpy(static_cast<void*>(&target), &bytes, sizeof bytes);
  boost::context::fiber from = std::move(target).resume();
  Continuation result;
  std::memcpy(&result.fiber_, static_cast<void*>(&from), sizeof result.fiber_);
  new (&from) boost::context::fiber();
  return result;
}

UMS_SWITCH_LINKAGE Continuation Continuation::resume(ThreadPointer pointer) && noexcept {
  write_thread_pointer(pointer);
  return std::move(*this).resume();
}

}  // namespace ums::kernel
