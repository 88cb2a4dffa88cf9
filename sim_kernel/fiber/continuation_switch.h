// SPDX-License-Identifier: Apache-2.0
//
// The switch itself, in terms of Boost.Context: part of continuation.h, which explains it. Inline
// on the switch path, since an out-of-line wrapper costs a mispredicted return on either side.
#pragma once

#include <utility>

#include "sim_kernel/fiber/continuation.h"

namespace ums::kernel {

#if UMS_INLINE_SWITCH
#define UMS_SWITCH_LINKAGE inline __attribute__((always_inline))
#else
#define UMS_SWITCH_LINKAGE
#endif

// As boost::context::fiber::resume does it, without a fiber: see docs/decisions/0004.
UMS_SWITCH_LINKAGE Continuation Continuation::resume() && noexcept {
  Continuation result;
  void* const target = std::exchange(context_, nullptr);
  result.context_ = boost::context::detail::jump_fcontext(target, nullptr).fctx;
  return result;
}

UMS_SWITCH_LINKAGE Continuation Continuation::resume(ThreadPointer pointer) && noexcept {
  write_thread_pointer(pointer);
  return std::move(*this).resume();
}

}  // namespace ums::kernel
