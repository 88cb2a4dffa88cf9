// SPDX-License-Identifier: Apache-2.0
//
// Virtual time, in nanoseconds since the simulation began, and the tasks that wait for a moment of
// it (Linux: kernel/time, hrtimer).
//
// Each virtual CPU has a time of its own (virtual_cpus.h). It does not pass by itself: it goes on
// by what charge() is told, and where nobody can run it jumps to the first moment that somebody
// waits for. So sleeping costs nothing real. What shall happen at a moment that has passed happens
// at the next scheduling point.
//
// Two waits for a moment would have no end by that. Who looks at a clock in a loop makes time go on
// by looking (clock_loop.h); and while somebody waits for a moment whom others never let come to
// it, because they are always busy, their steps do (busy_time.h).
//
// Thread safety: the carrier.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim_kernel/sched/task.h"
#include "sim_kernel/simulated/moment.h"

namespace ums::kernel {

// What the CPU says on which the current task is.
std::uint64_t virtual_time() noexcept;

// Something has taken `nanoseconds` there.
void charge(std::uint64_t nanoseconds) noexcept;

// `timer.expire` is called at `deadline`, unless timer_stop comes first. It may start it again.
void timer_start(Timer& timer, std::uint64_t deadline) noexcept;
void timer_stop(Timer& timer) noexcept;

// `timer`, which has expired, starts again for `interval` later, unless time is at its end.
void timer_restart(Timer& timer, std::uint64_t interval) noexcept;

// The timer of a task: it is then runnable.
void timer_start(Task& task, std::uint64_t deadline) noexcept;
void timer_stop(Task& task) noexcept;

// How many timers are set.
std::size_t timers_set() noexcept;

// The first moment that somebody waits for, or kNever.
extern std::uint64_t earliest_deadline;  // of the timers that are set
inline std::uint64_t first_deadline() noexcept { return earliest_deadline; }

// Lets all happen that shall until `moment`.
void expire_timers(std::uint64_t moment) noexcept;

// Nobody waits any more, and nobody goes on.
void timers_forget_all() noexcept;

// In a forked child, which has none of the tasks.
void timers_reset_after_fork() noexcept;

}  // namespace ums::kernel
