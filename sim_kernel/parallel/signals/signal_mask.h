// SPDX-License-Identifier: Apache-2.0
//
// The signal mask of a Cpu: the one that its home task has set.
//
// LINUX: a mask is a thread's. SIM: Linux keeps it by kernel thread, and so a worker finds its
// carrier's, and changes it: by pthread_sigmask, or because it leaves a signal handler in another
// way than by return. A Cpu therefore knows its own mask (Cpu::signal_mask):
//
//     learnt     when its home task enters a mode there: Linux says
//     noted      when its home task calls pthread_sigmask or sigprocmask, which libums answers
//     restored   when a worker has ended there, by the task that goes on (kExitMask), and when the
//                Cpu has come out of its idle loop (kExitUnblock)
//
// A switch does nothing about masks: what a worker changed stays until one ends there.
//
// Invariants:
// 1. A Cpu that runs another task than its home task knows its mask: the home task has entered as a
//    scheduler there, or was captured there.
// 2. What a change changes is noted, not what it leads to: that may be a worker's, or a signal
//    handler's, whose return takes it back.
// LIMIT: changes made in other ways are not seen: a bare system call, sighold, sigsetmask, a jump
// out of a handler of the scheduler, the mask that such a handler runs with if it executes workers
// itself. A handler of the scheduler that changes the mask for good is believed, though Linux takes
// the change back on its return. In a program whose calls do not come to libums nothing is seen:
// there a worker's end unblocks the signal of cancellation, and the mask is what it is.
//
// Thread safety: about the kernel thread that the caller runs on.
#pragma once

#include <cstdint>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// Says that the program's changes are noted from now on. Context: any.
void signal_masks_are_noted() noexcept;

// The home task's change by `set`, as for pthread_sigmask, which the caller makes next. A handler
// that runs in between, or never returns, so finds it noted. Of other tasks nothing is noted.
// Context: any but a park stack; signal handlers too.
void note_signal_mask_change(int how, std::uint64_t set) noexcept;

// Learns the mask of the Cpu that `me` runs on, where that is its home.
void learn_signal_mask(Task& me) noexcept;

// The same, and blocks every signal there until kExitUnblock is done.
void block_all_signals(Task& me) noexcept;

// Gives the Cpu that `me` runs on its own mask: kExitMask and kExitUnblock are done.
// Context: the task itself, about to leave the kernel: handlers run before this returns, may make
// calls, and may end the thread, which unwinds through here.
void restore_signal_mask_on_exit(Task& me);

}  // namespace ums::kernel
