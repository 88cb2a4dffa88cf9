// SPDX-License-Identifier: Apache-2.0
//
// Cancellation in a simulation, and what else ends waits. A thread that is cancelled learns it at
// its next cancellation point, and one that waits in one is woken for it. What follows is the C
// library's: the thread is unwound, its cleanup handlers run, and who joins it gets
// PTHREAD_CANCELED.
//
//     sched_point(me, ...);
//     act_on_cancellation();                    // may unwind
//     switch (wait_at_point(me, address)) ...   // this too
//
// LIMIT: a thread whose cancellation is asynchronous is unwound at its next cancellation point or
// yield too: nothing interrupts it elsewhere.
//
// Thread safety: the simulation.
#pragma once

#include <pthread.h>

#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/outside.h"

namespace ums::api {

enum class WaitResult {
  kWoken,
  kTimedOut,
  kInterrupted,  // by a signal or a cancellation
};

// Unwinds the calling thread if it is cancelled, and has not disabled that.
void act_on_cancellation();

// The same for who has asked for asynchronous cancellation.
void act_on_asynchronous_cancellation();

// futex_wait that a cancellation ends, if the thread has not disabled that: kInterrupted. The
// caller makes good what it has begun, and calls act_on_cancellation.
WaitResult wait_cancellably(kernel::Task& me, const void* address,
                            std::uint64_t deadline = kernel::kNever);

// The same where there is nothing to make good. kInterrupted: by a signal.
WaitResult wait_at_point(kernel::Task& me, const void* address,
                         std::uint64_t deadline = kernel::kNever);

// The same for the outside (outside.h).
WaitResult wait_outside_at_point(kernel::Task& me, const kernel::OutsideWait& wait,
                                 std::uint64_t deadline = kernel::kNever);

// Whether the last wait was interrupted by a signal that a handler has taken; and whether that ends
// calls which can be restarted.
inline bool has_handled_signal(const kernel::Task& me) noexcept {
  return me.machine.wait_end.handled;
}
inline bool is_cut_short(const kernel::Task& me) noexcept {
  return me.machine.wait_end.handled && !me.machine.wait_end.restarts;
}

// Answers pthread_cancel for a task of the simulation: an error number. False: the C library does.
bool answer_cancel(pthread_t thread, int& error);

}  // namespace ums::api
