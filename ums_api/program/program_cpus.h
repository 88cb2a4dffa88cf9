// SPDX-License-Identifier: Apache-2.0
//
// On which virtual CPUs a program is simulated: what the environment says, which the command `ums`
// has set.
//
//     UMS_CPUS       how many there are; the program sees them then, and no others
//     UMS_PROFILE    what things cost there: a name or a text (cost_profile.h)
//     UMS_TIME       on: how long the program took is said when it exits
//
// Thread safety: one thread.
#pragma once

#include "sim_kernel/simulated/virtual_cpus.h"

namespace ums::api {

// With the quantum of time sharing. What makes no sense ends the process, after a message.
kernel::CpuOptions cpus_of_environment();

// Nobody reads what an end of this kind would print.
[[noreturn]] void refuse_variable(const char* name, const char* text);

}  // namespace ums::api
