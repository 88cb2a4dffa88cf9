// SPDX-License-Identifier: Apache-2.0
//
// RunOptions: what the command line of `ums run` asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/ums/cpu_choice.h"

namespace ums::command {

struct RunOptions {
  std::string machine = "server";     // or another that `ums run --help` names
  std::optional<std::uint64_t> seed;  // of the simulated machine
  CpuChoice cpus;                     // of the same
  bool time = false;                  // of the same: say how long the program took
  std::string attach;                 // the name of the kernel process to join or start
  std::string strace;                 // the file for the record of calls; "-": standard error
  std::string proc;                   // the folder that shows /proc/ums
  std::string log;                    // the file for the kernel's log
  std::vector<std::string> command;   // the program and its arguments; not empty
};

}  // namespace ums::command
