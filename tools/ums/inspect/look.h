// SPDX-License-Identifier: Apache-2.0
//
// Look: what `ums top` shows at one moment: for each process that a kernel serves its schedulers,
// workers by state, and lists; and what has happened since the look before.
//
// Thread safety: plain values.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/ums/inspect/kernel_state.h"
#include "tools/ums/inspect/kernels.h"

namespace ums::command {

struct SchedulerLook {
  pid_t id;
  const char* state;
  std::uint64_t switches;
  std::optional<double> switches_a_second;  // nothing: it was not there at the look before
  std::optional<double> share;              // of the process's, 0 to 1; nothing: there were none
};

struct WorkerCounts {
  std::size_t running = 0;
  std::size_t listed = 0;    // in a list, or behind others of a batch
  std::size_t dequeued = 0;  // ready to be executed
};

struct ProcessLook {
  pid_t pid = 0;
  pid_t kernel = 0;
  const char* kind = "";
  std::vector<std::string> command;
  std::optional<double> switches_a_second;
  WorkerCounts workers;
  std::vector<SchedulerLook> schedulers;
  std::vector<ListState> lists;
};

struct Look {
  std::size_t kernels = 0;
  std::vector<ProcessLook> processes;
  std::vector<std::string> faults;
};

// Looks at all kernels, and remembers what the next look is compared with.
class Looker {
 public:
  Look look();

 private:
  using Clock = std::chrono::steady_clock;
  using Key = std::pair<pid_t, std::uint64_t>;  // kernel, and address of a scheduler

  void add(const StateReader& kernel, Look& look, double seconds);
  SchedulerLook scheduler_look(const StateReader& kernel, const SchedulerState& state,
                               double seconds);

  std::optional<Clock::time_point> before_;
  std::map<Key, std::pair<pid_t, std::uint64_t>> switches_before_;  // thread, and its switches
  std::map<Key, std::pair<pid_t, std::uint64_t>> switches_now_;
};

}  // namespace ums::command
