// SPDX-License-Identifier: Apache-2.0
//
// Waiting for what other threads do, by the state of their tasks and never by a clock.
//
//     Thread blocked([&] { result = dequeue(fd, list); });
//     wait_until_blocked(blocked.tid());           // it sleeps in the kernel
//
// The watchdog ends a wait that never ends (watchdog.h).
//
// Thread safety: any thread that is not the awaited one.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include "sim_kernel/sched/task_state.h"

namespace ums::test {

// Waits until `condition()` is true. It must be cheap and may not block.
template <typename Condition>
void wait_until(Condition condition) {
  while (!condition()) sched_yield();
}

// Whether thread `tid` has a Task in `state`; a suspended one must also have left its processor, so
// that it is in its list and its continuation saved.
bool task_is(pid_t tid, kernel::TaskState state);

// Whether thread `tid` is known to the kernel.
bool task_exists(pid_t tid);

// Waits until `tid` is suspended in ENTER or YIELD.
void wait_until_suspended(pid_t tid);

// Waits until `tid` sleeps in DEQUEUE or DQEVENT.
void wait_until_blocked(pid_t tid);

// Waits until `tid` is in EXEC, under the worker that it runs.
void wait_until_executing(pid_t tid);

// Waits until Linux shows kernel thread `tid` asleep in a system call of its own.
void wait_until_asleep(pid_t tid);

}  // namespace ums::test
