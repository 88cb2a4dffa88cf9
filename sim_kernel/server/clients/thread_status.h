// SPDX-License-Identifier: Apache-2.0
//
// What Linux says about a thread in /proc.
//
// Thread safety: any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace ums::kernel {

// The process that thread `tid` belongs to, or -1: there is no such thread, or no free descriptor.
pid_t process_of_thread(pid_t tid) noexcept;

// What tells images of a process (execve(2)) from one another, but for those that Linux has laid at
// the same addresses: each is, then, the image of a process that had executed before.
struct Image {
  bool is_known = false;   // else there is no such process, or no free descriptor
  bool is_forked = false;  // it has executed nothing since it was forked
  std::uint64_t code = 0;  // 0 too if the process's leader has ended
  std::uint64_t stack = 0;

  friend bool operator==(const Image&, const Image&) = default;
};

Image image_of_process(pid_t pid) noexcept;

// The parent of process `pid`, or -1.
pid_t parent_of_process(pid_t pid) noexcept;

// The stack pointer of a thread that waits for an answer.
struct WaitingStack {
  enum class State {
    kAwake,    // it is not asleep yet, or any more
    kUnknown,  // Linux does not tell: there is no such thread, or no free descriptor
    kKnown,
  };
  State state = State::kUnknown;
  std::uint64_t pointer = 0;  // any number: it is the program's
};
WaitingStack stack_of_waiting_thread(pid_t tid) noexcept;

// Whether a thread may do on the host what this process may: it has the same users, groups and
// capabilities, which it can only have changed by giving some up, or by an exec that gives others.
bool has_our_rights(pid_t tid) noexcept;

// Whether a signal to a thread would be lost or kept: the thread ignores or blocks it.
bool is_signal_held_off(pid_t tid, int signal) noexcept;

}  // namespace ums::kernel
