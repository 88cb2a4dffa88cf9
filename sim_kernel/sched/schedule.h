// SPDX-License-Identifier: Apache-2.0
//
// What a machine does for modules: tasks that run in one another's place (Linux: schedule()).
//
//     execute_task(me, next)        EXEC: next runs in the place of me, until switch_back
//     switch_back(me)               YIELD: the task that executed me goes on in the place of me
//     switch_home(me)               EXIT: the same, and me goes on by itself
//     prepare_suspend(me)           before me becomes visible as suspended: may fail
//     suspend(me, wake)             ENTER: nobody runs in the place of me, until it is executed
//     resume_executing(task)        task, in EXEC, goes on, though who runs in its place runs too
//     prepare_scheduler(me)         before me executes others for the first time
//     answer(me)                    the call of me succeeds: false if nobody waits for it any more,
//                                   and then it must have changed nothing
//
// and, for wait queues only:
//
//     WaitQueue::sleep_until_woken(waiter), wake_sleeper(woken)
//
// The caller has changed its own state where it becomes kSuspended; all others the machine changes.
// The kernel is built for one machine, so that these are inline where that matters:
//
//   parallel/   the program's own process: suspended threads are captured, and switches make no
//               system call
//   simulated/  the same, but one kernel thread runs every thread of the program, one at a time
//   server/     the kernel process: each call of a program's thread is a fiber
//
// Context: the calling task is current, and inside a system call.
#pragma once

#if UMS_MACHINE_SERVER
#include "sim_kernel/server/switch.h"
#elif UMS_MACHINE_SIMULATED
#include "sim_kernel/simulated/switch.h"
#else
#include "sim_kernel/parallel/switch.h"
#endif
