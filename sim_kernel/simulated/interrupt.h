// SPDX-License-Identifier: Apache-2.0
//
// interrupt: a task's wait ends because of the task itself, and not of what it waits for: it is
// cancelled, or has got a signal (Linux: signal_wake_up).
//
//     me.machine.cancellable = true;
//     futex_wait(me, &condition);
//     if (me.machine.wait_end.interrupted) ...    // nobody has woken &condition
//
// Thread safety: the carrier.
#pragma once

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// `task` is runnable, if it waits for an address, for a moment, or in a wait queue of the kernel.
// A suspended worker stays suspended, and who executes one goes on with that.
void interrupt(Task& task) noexcept;

// Whether it needs no other to go on: it is no suspended worker, and nobody runs in its place.
bool goes_on_by_itself(const Task& task) noexcept;

}  // namespace ums::kernel
