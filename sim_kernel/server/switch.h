// SPDX-License-Identifier: Apache-2.0
//
// How tasks run in one another's place in the server machine: see sched/schedule.h. The threads
// are real ones of other processes, each blocked in its system call while its task is suspended; a
// task goes on when its call is answered. So nobody changes places here: who shall go on is put
// into the run queue (call.h), and who shall not, leaves for the kernel loop.
//
// Context of all: the calling task is current, in its call, on the call's fiber.
#pragma once

#include "sim_kernel/base/result.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sched/wake_up.h"

namespace ums::kernel {

// A thread may be killed at any time, in its call too.
inline constexpr bool kThreadsDieInCalls = true;

void execute_task(Task& me, Task& next) noexcept;
void switch_back(Task& me) noexcept;
void switch_home(Task& me) noexcept;
inline Result<void> prepare_suspend(Task&) noexcept { return {}; }
void suspend(Task& me, WakeUp wake) noexcept;
void resume_executing(Task& task) noexcept;
inline void prepare_scheduler(Task&) noexcept {}

// Answers the call of `me` with success. False if its thread does not wait any more; it will make
// the call again, or another.
bool answer(Task& me) noexcept;

}  // namespace ums::kernel
