// SPDX-License-Identifier: Apache-2.0
//
// measure_costs: what the costs of a profile (sim_kernel/simulated/cost_profile.h) are on this
// machine. Each is the median of short loops, so that a moment in which others disturb does not
// matter:
//
//     system_call       one that does nothing
//     wake_up           FUTEX_WAKE of a thread on the same CPU, which waits for its turn, less a
//                       call; at most a quarter of a round as below, less the calls
//     context_switch    half a round of two such threads that wake each other, less a wake-up and
//                       two calls
//     migration         reading 32 KiB that another CPU has written, less reading them again
//     lock              half of taking and releasing a mutex
//     create            pthread_create
//
// With one CPU a migration costs nothing.
//
// Thread safety: one thread, which is moved between CPUs.
#pragma once

#include "sim_kernel/simulated/cost_profile.h"

namespace ums::command {

kernel::CostProfile measure_costs();

}  // namespace ums::command
