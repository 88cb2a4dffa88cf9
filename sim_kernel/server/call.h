// SPDX-License-Identifier: Apache-2.0
//
// Calls of the programs' threads, each a fiber: begun, suspended, continued, answered.
//
//     call_begin(task, waiting, request)   a notification has come: a new call, or an old one again
//     run_calls()                          all that can go on do so
//
// An answer may come too late: a signal has reached the thread meanwhile, and Linux has ended its
// system call or will restart it. Nobody is told; the answer is refused. So
// 1. what a call changes takes effect when its answer is accepted (answer in switch.h), but for
//    calls that wait for other threads: the result of one that nobody took is kept for the thread's
//    identical next call. So is the result of a call whose answer was accepted and lost.
// 2. A thread whose task is suspended, or in EXEC, and that makes the same call again, continues
//    it. Any other call of the device is refused (EBUSY).
// 3. A thread that sleeps in DEQUEUE or DQEVENT, and makes the same call again, keeps its place in
//    the queue. By any other call it leaves the queue.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

class SignalFrame;

void call_begin(Task& task, Waiting waiting, const Request& request) noexcept;

// The thread of `task` returns from a signal handler: if the answer to its last call was lost, its
// result is kept.
void call_keep_if_lost(Task& task, const SignalFrame& frame) noexcept;

// Whether a call that waits, or has waited, for an answer by `listener` is not over.
bool any_call_of(const Listener& listener) noexcept;

// Resumes every task in the run queue until it is empty.
void run_calls() noexcept;

// Ends the thread of `task`, which is gone: its call, its roles, and the Task.
void thread_is_gone(Task& task) noexcept;

// For the machine (switch.cpp). Puts a suspended task into the run queue.
void make_resumable(Task& task) noexcept;

// Leaves the fiber of `me` for the kernel loop. Returns when `me` is resumed.
void leave_for_loop(Task& me) noexcept;

}  // namespace ums::kernel
