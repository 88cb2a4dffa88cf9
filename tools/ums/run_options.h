// SPDX-License-Identifier: Apache-2.0
//
// RunOptions: what the command line of `ums run` asks for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ums::command {

struct RunOptions {
  std::string machine = "server";    // or another that `ums run --help` names
  std::uint64_t seed = 0;            // of the simulated machine
  std::string attach;                // the name of the kernel process to join or start
  std::string strace;                // the file for the record of calls; "-": standard error
  std::string proc;                  // the folder that shows /proc/ums
  std::string log;                   // the file for the kernel's log
  std::vector<std::string> command;  // the program and its arguments; not empty
};

}  // namespace ums::command
