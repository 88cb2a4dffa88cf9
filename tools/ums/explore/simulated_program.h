// SPDX-License-Identifier: Apache-2.0
//
// What `ums explore` and `ums replay` do before they start a program.
//
// Thread safety: one thread.
#pragma once

#include <string>

#include "tools/ums/cpu_choice.h"

namespace ums::command {

// Sets the environment and the personality of this process, for the programs that it executes.
// Throws std::exception if the program called `name` cannot be simulated; says on standard error if
// addresses will be random.
void prepare_simulated(const std::string& name, const CpuChoice& cpus);

}  // namespace ums::command
