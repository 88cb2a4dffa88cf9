// SPDX-License-Identifier: Apache-2.0
//
// Kernels: the kernels of this user that run now, found in the run folders.
//
//     Kernels kernels = find_kernels();
//     for (const std::string& fault : kernels.faults) complain(fault);
//
// Files that dead kernels have left behind are removed.
//
// Thread safety: one thread.
#pragma once

#include <string>
#include <vector>

#include "tools/ums/inspect/state_reader.h"

namespace ums::command {

struct Kernels {
  std::vector<StateReader> running;  // by process id
  std::vector<std::string> faults;   // what could not be read, and why
};

// Throws std::system_error where this process lacks a descriptor or memory: nothing is known then.
Kernels find_kernels();

}  // namespace ums::command
