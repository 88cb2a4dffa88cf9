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

// The rounding mode and its like. On x86-64 Boost.Context's switch saves them, on aarch64 it does
// not.
#if defined(__aarch64__)
inline __attribute__((always_inline)) unsigned long float_control() noexcept {
  unsigned long word;
  asm volatile("mrs %0, fpcr" : "=r"(word));
  return word;
}

inline __attribute__((always_inline)) void set_float_control(unsigned long word) noexcept {
  if (word != float_control()) asm volatile("msr fpcr, %0" : : "r"(word));
}
#else
inline unsigned long float_control() noexcept { return 0; }
inline void set_float_control(unsigned long /*word*/) noexcept {}
#endif

// As boost::context::fiber::resume does it, without a fiber: see docs/decisions/0004.
UMS_SWITCH_LINKAGE Continuation Continuation::resume() && noexcept {
  Continuation result;
  void* const target = std::exchange(context_, nullptr);
  const unsigned long control = float_control();
  result.context_ = boost::context::detail::jump_fcontext(target, nullptr).fctx;
  set_float_control(control);
  return result;
}

UMS_SWITCH_LINKAGE Continuation Continuation::resume(ThreadPointer pointer) && noexcept {
  write_thread_pointer(pointer);
  return std::move(*this).resume();
}

}  // namespace ums::kernel
