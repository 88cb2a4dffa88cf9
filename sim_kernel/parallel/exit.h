// SPDX-License-Identifier: Apache-2.0
//
// The end of a thread, and with it of its Task (Linux: kernel/exit.c).
//
// A thread that returns, calls pthread_exit or is cancelled runs its thread_local destructors, and
// then those of thread-specific data, in up to four rounds. The kernel has a key of its own among
// the latter, whose destructor puts itself off to the last round, so that the program's destructors
// may still make calls. Nobody says which round it is, so rounds are counted, from the first: that
// needs a Task that was there when they began. The Task of a thread whose first call comes out of a
// destructor of thread-specific data ends in the next round instead.
//
// A thread that ends by the bare system call exit(2) runs no destructors: see do_exit.
//
// Invariants:
// 1. What a thread is in open files ends before its Task, and both before its kernel thread.
// 2. A thread that has lost its Task gets no other: its calls fail (ENOMEM).
// LIMIT: nothing runs after the last round. A thread whose first call comes in it, out of a key
// that is younger than the kernel's, leaves its Task behind.
//
// Thread safety: about the calling thread.
#pragma once

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// Sees to it that the calling thread's new `task` ends with the thread. `thread_is_new`: none of
// its destructors has run yet, which the caller knows; finding it out allocates.
// Returns false if there is no memory.
[[nodiscard]] bool exit_watch(Task& task, bool thread_is_new) noexcept;

// Whether the calling thread's Task has ended.
bool exit_done() noexcept;

// Ends the calling thread as the system call exit(2) does: at once, without destructors, with
// `code` for nobody. What it is in open files ends first; a captured thread goes home for it.
// Context: outside the kernel, the thread's own stack.
[[noreturn]] void do_exit(Task& me, int code) noexcept;

}  // namespace ums::kernel
