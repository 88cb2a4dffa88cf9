// SPDX-License-Identifier: Apache-2.0
//
// CpuChoice: on which virtual CPUs the simulated machine is to run a program, and how it is told:
// by the program's environment (ums_api/program/program_cpus.h).
//
// Thread safety: one thread.
#pragma once

#include <string>

#include "sim_kernel/simulated/cost_profile.h"
#include "sim_kernel/simulated/cpu_mask.h"

namespace ums::command {

struct CpuChoice {
  int count = 0;             // 0: none in particular
  std::string profile = "";  // a name or a text; empty: what the command has by default
};

// A profile by its name, or the text of a file. Throws std::runtime_error with the file and the
// line if it is none.
std::string read_profile(const std::string& name_or_file);

// Into the environment of this process.
void set_cpus(const CpuChoice& cpus);

// The costs that are not 0, as `name=ns` with `separator` between them.
std::string text_of_costs(const kernel::CostProfile& costs, const char* separator);

}  // namespace ums::command
