// SPDX-License-Identifier: Apache-2.0
//
// ExploreOptions, ReplayOptions: what the command lines of `ums explore` and `ums replay` ask for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/ums/cpu_choice.h"
#include "tools/ums/explore/program_server.h"

namespace ums::command {

struct ExploreOptions {
  StrategyChoice strategy;
  Limits limits;
  CpuChoice cpus;
  std::uint64_t iterations = 0;  // 0: as many as there are, or as time allows
  double seconds = 0;            // 0: as many as iterations take
  int jobs = 1;
  bool all = false;                  // go on after a failure
  std::string output;                // the file for the replay string; empty: none
  std::string trace;                 // the file for the failing run's trace; empty: none
  bool self_check = false;           // run one schedule twice, and compare
  std::vector<std::string> command;  // the program and its arguments; not empty
};

struct ReplayOptions {
  std::string schedule;  // a replay string, or the file with one
  bool steps = false;    // list them
  std::string trace;     // the file for the run's trace; empty: none
  double patience_seconds = Limits().seconds;
  std::vector<std::string> command;
};

}  // namespace ums::command
