// SPDX-License-Identifier: Apache-2.0
//
// SignalFrame: what Linux has laid on the stack of a thread for a signal handler, and takes back by
// rt_sigreturn(2), which the filter catches: where the signal came (Linux: struct rt_sigframe).
//
// A call in which it came and that failed with EINTR can be made again: the frame is changed, and
// the thread returns to the system call's instruction.
//
// rt_sigreturn itself needs it: it waits for its answer too, and if the handler of a signal that
// comes in that moment lacks SA_RESTART, Linux lets it fail with EINTR: it goes on behind it, where
// there is no code.
//
// LIMIT: of a system call's number nothing is left but the instructions before it, those of glibc,
// musl and the vDSO.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <linux/seccomp.h>
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

  // Whether it was read, and the signal came in a system call that failed with EINTR. The others
  // are for such frames only.
  bool is_in_failed_call() const noexcept;

  // Whether that was this call.
  bool is_in(const seccomp_data& call) const noexcept;

  // Its number, or -1: it cannot be told.
  long number_of_call() const noexcept;

  // Its first or second argument. On aarch64 the first is lost.
  std::uint64_t argument(int i) const noexcept;

  // Lets the thread make it again.
  void repeat(long number, std::uint64_t first_argument) const noexcept;

 private:
  const pid_t tid_;
  std::uint64_t address_ = 0;  // of the ucontext_t
  ucontext_t frame_;
};

}  // namespace ums::kernel
