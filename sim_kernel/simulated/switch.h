// SPDX-License-Identifier: Apache-2.0
//
// What the simulated machine does for modules: see sched/schedule.h for the functions. As in the
// parallel machine a task that executes another is replaced by it on the spot; where one stops or
// goes on by itself, the simulation chooses (simulation.h).
//
// Context of all: the calling task is current, belongs to the simulation and is inside a system
// call.
#pragma once

#include "sim_kernel/base/result.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sched/wake_up.h"
#include "sim_kernel/simulated/signals.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

// A signal for a thread waits for its next scheduling point (signals.h).
inline constexpr bool kSignalsWaitForTasks = true;
inline void deliver_signals(Task& me) { handle_signals(me); }

// A thread ends in user code only.
inline constexpr bool kThreadsDieInCalls = false;

void execute_task(Task& me, Task& next) noexcept;
void switch_back(Task& me) noexcept;
void switch_home(Task& me) noexcept;
inline Result<void> prepare_suspend(Task&) noexcept { return {}; }
void suspend(Task& me, WakeUp wake) noexcept;
void resume_executing(Task& task) noexcept;
inline void prepare_scheduler(Task&) noexcept {}

// `me` is about to make a call about `object`: others may go on first.
void before_call(Task& me, const void* object) noexcept;

// `me` has come to a point of its program where others may go on; it has computed for so long.
void pass_point(Task& me) noexcept;
void compute(Task& me, std::uint64_t nanoseconds) noexcept;

// The same for who passes a point anyway before it has an effect on others.
void use_cpu(Task& me, std::uint64_t nanoseconds) noexcept;

// The last that the child of a fork does before it goes on: its only thread is the first task of a
// simulation of its own, if it belonged to one.
inline void machine_restart_after_fork() noexcept { simulation_restart_after_fork(); }

// The thread of `me` ends, and is in no file any more: it goes on at home.
void leave_machine(Task& me) noexcept;

// Sleeps until `woken` is set.
bool sleep_until_set(Task& me, std::atomic<std::uint32_t>& woken) noexcept;

// The call returns in any case.
inline bool answer(Task&) noexcept { return true; }

}  // namespace ums::kernel
