// SPDX-License-Identifier: Apache-2.0
//
// Continuation: the rest of a computation, suspended on its stack. The only place that names
// Boost.Context; everything above moves Continuations about without knowing what they are.
//
// A switch saves the callee-saved registers, the stack pointer and the floating-point control
// words. It does NOT save: the thread pointer's other users (rseq), the signal mask, or anything
// else that Linux keeps by kernel thread. It may set the thread pointer, between leaving one stack
// and reaching the other, so that stack and thread control block change together.
//
// Invariants:
// 1. A Continuation is resumed at most once; resuming empties it.
// 2. A non-empty Continuation is never destroyed: that would unwind a stack that is not ours.
// 3. The function that a Continuation starts with never returns.
//
// Thread safety: none; who holds it owns it. In sanitizer builds the switch is a function of its
// own in a file without instrumentation, since instrumented code must not run between the two
// halves of a switch.
#pragma once

#include <cstddef>
#include <utility>

#include "sim_kernel/fiber/thread_pointer.h"

#define UMS_INLINE_SWITCH (!UMS_SANITIZE_ADDRESS && !UMS_SANITIZE_THREAD)

#if UMS_INLINE_SWITCH || defined(UMS_CONTINUATION_SOURCE)
#include <boost/context/detail/fcontext.hpp>
#endif

namespace ums::kernel {

class Continuation {
 public:
  // What a new Continuation runs, with the one that started it. `argument` is passed through.
  using Entry = void (*)(Continuation from, void* argument);

  Continuation() noexcept = default;
  Continuation(Continuation&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
  Continuation& operator=(Continuation&& other) noexcept {
    context_ = std::exchange(other.context_, nullptr);
    return *this;
  }
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;

  explicit operator bool() const noexcept { return context_ != nullptr; }

  // Forgets a computation that nobody will resume: its stack is about to be freed.
  void abandon() noexcept { context_ = nullptr; }

  // Prepares `entry` to run on the stack [base, base + bytes). Returns its Continuation.
  // Ownership: the stack stays the caller's, who must keep it while the Continuation lives.
  static Continuation on_stack(void* base, std::size_t bytes, Entry entry, void* argument) noexcept;

  // Leaves the calling stack for this one. Returns when somebody resumes the caller, with the
  // Continuation that was left for it.
  Continuation resume() && noexcept;

  // The same, and the target finds `pointer` in the thread pointer.
  // Context: the caller's thread-local storage is untouchable from here on until it is resumed.
  Continuation resume(ThreadPointer pointer) && noexcept;

 private:
  // What a boost::context::fiber holds, its fcontext_t. It is kept as such because a fiber's
  // destructor would unwind the stack (invariant 2).
  void* context_ = nullptr;
};

}  // namespace ums::kernel

#if UMS_INLINE_SWITCH || defined(UMS_CONTINUATION_SOURCE)
#include "sim_kernel/fiber/continuation_switch.h"
#endif
