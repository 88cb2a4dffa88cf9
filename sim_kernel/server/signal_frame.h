// SPDX-License-Identifier: Apache-2.0
//
// SignalFrame: what Linux has laid on the stack of a thread for a signal handler, and takes back by
// rt_sigreturn(2), which the filter catches: where the signal came (Linux: struct rt_sigframe).
//
// The return waits for its answer, and another signal may come in that moment. If its handler lacks
// SA_RESTART, Linux lets rt_sigreturn fail with EINTR: it goes on behind it, where there is no
// code. So the frame of that other signal is changed, when it is returned to, to make the call
// again.
//
// LIMIT: the call is known by the instructions before it, those of glibc, musl and the vDSO.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <sys/types.h>
#include <ucontext.h>

#include <cstdint>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

class SignalFrame {
 public:
  // Reads that of thread `tid`, which has begun to wait in rt_sigreturn, or is about to. It is not
  // read if the thread does not wait any more.
  SignalFrame(pid_t tid, Waiting waiting) noexcept;

  bool is_read() const noexcept { return address_ != 0; }
  pid_t tid() const noexcept { return tid_; }
  const mcontext_t& registers() const noexcept { return frame_.uc_mcontext; }

  // If the signal came in an rt_sigreturn, that is made again.
  void repeat_interrupted_return() const noexcept;

 private:
  const pid_t tid_;
  std::uint64_t address_ = 0;  // of the ucontext_t
  ucontext_t frame_;
};

}  // namespace ums::kernel
