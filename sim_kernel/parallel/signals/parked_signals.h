// SPDX-License-Identifier: Apache-2.0
//
// Signals that arrive at a captured thread's own kernel thread, which is parked.
//
// Who sends a signal to a worker (pthread_kill, pthread_cancel, pthread_sigqueue, a timer with
// SIGEV_THREAD_ID) names the worker's thread id, and so its parked kernel thread. That thread
// takes the signal and decides:
//   - the worker runs on a carrier: the signal goes to the carrier, where it interrupts the worker
//     (and ends a blocking system call of it);
//   - the worker is suspended, or inside the kernel: the signal is kept in its Task, and raised
//     when it leaves the kernel next;
//   - the signal was meant for the process (signal_aim.h): it goes back to the process, and this
//     thread does not wait for signals of this number (unawaited_signals.h), so that another thread
//     gets it, or it stays pending as if the parked thread blocked it. Of several real-time signals
//     of one number that nobody has taken yet, the order may change so.
//
// What Linux keeps by kernel thread stays so: a signal mask is that of the carrier, and a signal
// that the carrier blocks waits there. A signal that is sent again carries this process as its
// sender where Linux lets nobody say otherwise (kill, pthread_kill), and SIGCHLD or SIGIO lose
// their details.
//
// A worker does not give up its carrier while a signal is on its way there, or the handler would
// run in the task that follows. Who sends one sets kExitSignalSent first, and sends only if the
// worker is then outside the kernel, or asleep in it; a task that enters the kernel looks at that
// bit once it is seen to be inside, and if it is set, leaves again and takes what was sent. (With
// membarrier, as in descriptor_table.h.)
//
// Real-time signals reach the worker one by one in the order in which they were sent, with their
// values: whoever passes one on passes on first what is kept, under Task::signal_lock. Of another
// number one is kept, the first, as on Linux, and of a timer's too.
//
// Thread safety: the parked kernel thread and the task, under that lock.
#pragma once

#include <csignal>
#include <cstdint>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// Gets `info`, which names `task`, to it: now, where it runs, or when it leaves the kernel next.
// Context: any stack, all signals blocked.
void signal_task(Task& task, const siginfo_t& info) noexcept;

// Passes on `info`, which a parked Cpu has taken.
// Context: the park stack (see idle_nosan.cpp).
void pass_on_parked_signal(Cpu& cpu, const siginfo_t& info) noexcept;

// Raises what was kept for `task`, on the kernel thread that it runs on now, and waits for what is
// on its way there.
// Context: the task itself, about to leave the kernel: handlers run before this returns, and may
// make system calls of their own. They may also end the thread (pthread_exit, cancellation).
void raise_pending_signals(Task& task);

// Keeps `info` for `task`, as Linux does a signal that is blocked, whatever the task does.
void keep_signal(Task& task, const siginfo_t& info) noexcept;

// The numbers of those that are kept, bit n-1 for signal n.
std::uint64_t kept_signals(Task& task) noexcept;

// Takes the oldest with the lowest of `numbers`. False: none is kept of these.
bool take_kept_signal(Task& task, std::uint64_t numbers, siginfo_t& info) noexcept;

// How many signals are kept for `task`. For tests: it must not end meanwhile.
int pending_signal_count(Task& task) noexcept;

// Frees what a task that ends may have kept. Signals not raised by now are gone with the thread.
void drop_pending_signals(Task& task) noexcept;

}  // namespace ums::kernel
