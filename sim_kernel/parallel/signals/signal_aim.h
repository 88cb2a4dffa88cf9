// SPDX-License-Identifier: Apache-2.0
//
// Whom a signal was meant for: the thread that took it, or the process.
//
// Linux does not tell. A thread that waits for signals is given its own first and then those of the
// process, and the two look alike but for what follows:
//
//   tgkill (pthread_kill, pthread_cancel)       SI_TKILL: the thread
//   a timer                                     SI_TIMER: /proc/self/timers tells (SIGEV_THREAD_ID)
//   rt_tgsigqueueinfo (pthread_sigqueue)        SI_QUEUE from this process, unmarked: the thread
//   rt_sigqueueinfo (sigqueue)                  SI_QUEUE, marked by the library's sigqueue, or from
//                                               another process: the process
//   SI_USER from nobody, RLIMIT_SIGPENDING      tgkill again, of which Linux keeps the number only:
//   being used up                               the thread
//   everything else (kill, SIGCHLD, SIGIO ...)  the process
//
// Taken for the other: SIGIO that F_SETOWN_EX aims at a thread; and rt_sigqueueinfo to the own
// process by the bare system call. Timers are taken for the process's where /proc does not list
// them. Where no descriptor is free to look, that is not known for the moment.
//
// Thread safety: any thread, any stack.
#pragma once

#include <csignal>

namespace ums::kernel {

enum class SignalAim { kThread, kProcess, kUnknown };

SignalAim signal_aim(const siginfo_t& info) noexcept;

// Marks a queued signal of this process as one for the process. The mark is in bytes of `info` that
// Linux carries along and no interface shows.
void aim_at_process(siginfo_t& info) noexcept;

}  // namespace ums::kernel
