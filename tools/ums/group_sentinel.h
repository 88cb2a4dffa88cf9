// SPDX-License-Identifier: Apache-2.0
//
// GroupSentinel: tells a signal that was sent to this process alone from one that was sent to its
// whole process group (by the terminal, or by kill(2) with a negative id), which Linux does not
// say. A small process of the same group keeps all signals pending; what was sent to the group is
// pending there too.
//
//     GroupSentinel sentinel;                     // forks
//     if (!sentinel.take(info.ssi_signo)) ...     // it was for this process alone
//
// 1. Linux sends a group's signal to its youngest member first. The sentinel is younger than its
//    maker: when the maker sees the signal, the sentinel has it.
// 2. A sentinel ends with its maker. It holds no descriptor that the maker inherited.
// 3. It is stopped whenever its maker is: by a SIGSTOP to the group, or else by whom stops the
//    maker, who stops it first. So a SIGCONT to the group finds it running, and one to the maker
//    alone finds it stopped; and Linux, which forgets a pending SIGCONT when a process is stopped,
//    forgets the same ones for both.
//
// Thread safety: one thread.
#pragma once

#include <sys/types.h>

#include "tools/ums/descriptor.h"

namespace ums::command {

class GroupSentinel {
 public:
  // Forks the sentinel. All signals must be blocked. Throws std::system_error.
  GroupSentinel();

  // Whether the pending `signal` of the maker was sent to the group, and by another than the
  // maker and `not_from`; the sentinel forgets it.
  bool take(int signal, pid_t not_from);

  pid_t pid() const { return pid_; }

  // Closes the way to the sentinel, in a forked child that has no use for it.
  void leave_to_parent() { socket_.reset(); }

 private:
  void await_answer() const;

  Descriptor socket_;
  pid_t pid_ = -1;
};

}  // namespace ums::command
