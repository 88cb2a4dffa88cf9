// SPDX-License-Identifier: Apache-2.0
//
// ClockLoop: a task that looks at a clock again and again, as if it waited for a moment.
//
//     sched_point(me, EventKind::kClock);
//     wait_in_clock_loop(me);
//     ... what the clock says ...
//
// A look takes about what it takes elsewhere. Looks in a row, with nothing in between but yields
// and accesses of memory, take more and more: a part of the time that they have taken until then,
// and a second at most. So a loop until a moment ends after some hundred looks, not much later than
// it would.
//
// Where CPUs are not simulated, who looks so waits meanwhile: others go on, and what shall happen
// before happens. On a virtual CPU it computes, as it does elsewhere, and its looks are closer.
//
// Thread safety: the carrier; the current task.
#pragma once

#include <cstdint>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

void wait_in_clock_loop(Task& me) noexcept;

}  // namespace ums::kernel
