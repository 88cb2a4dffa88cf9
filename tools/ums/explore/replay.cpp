// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>

#include "tools/ums/explore/explore.h"
#include "tools/ums/explore/remarks.h"
#include "tools/ums/explore/replay_string.h"
#include "tools/ums/explore/report.h"
#include "tools/ums/explore/simulated_program.h"
#include "tools/ums/explore/trace_file.h"
#include "tools/ums/preloadable.h"

namespace ums::command {
namespace {

void check_program(const ReplayString& wanted, const std::string& program) {
  const std::string hash = hash_of_program(program);
  if (wanted.program == hash) return;
  throw std::runtime_error(
      fmt::format("the schedule is of another program, or of another build of it: its hash is {}, "
                  "that of {} is {}; explore again",
                  wanted.program, program, hash));
}

int status_of(const Outcome& outcome) {
  if (outcome.end == Outcome::End::kSignal) return 128 + outcome.status;
  return outcome.end == Outcome::End::kHung ? kFailureFound : outcome.status;
}

}  // namespace

int run_replay(const ReplayOptions& options) {
  const ReplayString wanted = ReplayString::parse(options.schedule);
  prepare_simulated(options.command[0], wanted.cpus);
  const std::string program = find_program(options.command[0]);
  check_program(wanted, program);
  Limits limits;
  limits.seconds = options.patience_seconds;
  if (wanted.steps_max != 0) limits.steps = wanted.steps_max;
  ProgramServer server(options.command, limits, {});
  const Outcome outcome = server.replay_traced(wanted.schedule);
  if (outcome.strayed) {
    throw std::runtime_error(
        "the schedule does not fit: a task that it lets go on could not; was the program given "
        "other arguments, input or libraries?");
  }
  if (outcome.unfinished) {
    throw std::runtime_error(
        "the schedule does not fit: the program ended before all its turns had come; was it given "
        "other arguments, input or libraries?");
  }
  Symbols symbols(program);
  Report report(symbols);
  if (!options.trace.empty()) write_trace(options.trace, outcome, report);
  if (options.steps) std::fputs(report.steps(outcome).c_str(), stderr);
  std::fprintf(stderr, "ums replay: %s", report.failure(outcome).c_str());
  Remarks remarks;
  remarks.note(outcome);
  remarks.told(outcome);
  std::fputs(remarks.text(symbols).c_str(), stderr);
  return status_of(outcome);
}

}  // namespace ums::command
