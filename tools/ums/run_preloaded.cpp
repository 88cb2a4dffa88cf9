// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/run_preloaded.h"

#include <fmt/core.h>

#include <cstdlib>
#include <string>

#include "tools/ums/exec_program.h"
#include "tools/ums/path_server.h"
#include "tools/ums/preloading.h"
#include "tools/ums/proc_mount.h"
#include "tools/ums/record_file.h"

namespace ums::command {
namespace {

// The kernel is in the programs: it is told by their environment.
void set_records(const RunOptions& options) {
  const std::string& log = options.log;
  const std::string& strace = options.strace;
  if (!log.empty()) setenv("UMS_LOG", check_record("--log " + log, log).c_str(), 1);
  if (strace.empty()) return;
  const bool is_stderr = strace == "-";
  const std::string file = is_stderr ? "1" : check_record("--strace=" + strace, strace);
  setenv("UMS_STRACE", file.c_str(), 1);
}

// Without a seed virtual CPUs go round among the threads.
void set_simulation(const RunOptions& options) {
  set_cpus(options.cpus);
  if (options.time) setenv("UMS_TIME", "1", 1);
  const bool is_random = options.seed.has_value() || options.cpus.count == 0;
  if (is_random)
    setenv("UMS_SEED", std::to_string(options.seed.value_or(0)).c_str(), 1);
  else
    unsetenv("UMS_SEED");
}

}  // namespace

int run_preloaded(const RunOptions& options) {
  preload_machine(options.machine, options.command[0]);
  set_records(options);
  PathServer server;
  if (options.machine == "simulated") {
    set_simulation(options);
    server.tell_if_stuck(options.command[0]);
  }
  return run_front_with_proc(options.proc, options.command, server);
}

}  // namespace ums::command
