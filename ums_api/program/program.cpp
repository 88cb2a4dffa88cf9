// SPDX-License-Identifier: Apache-2.0
//
// The simulation of a whole program: it begins when this library is loaded, before main, whose
// thread is the first task. `ums run --machine simulated` preloads the library and says by the
// environment which execution it shall be:
//
//     UMS_SEED        the number that a random execution is a function of
//     UMS_SCHEDULE    or the schedule of one that was seen before
//     UMS_EXPLORE     or many, as who explores says through this descriptor (fork_server.h)
//     UMS_CPUS        on virtual CPUs (program_cpus.h); if that is all, in turns as an operating
//                     system gives them
//
// The child of a fork is a simulation of its own, which goes on with a copy of the strategy.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/simulated/busy_loop.h"
#include "sim_kernel/simulated/find_task.h"
#include "sim_kernel/simulated/simulation.h"
#include "ums_api/explore/execution.h"
#include "ums_api/explore/random_strategy.h"
#include "ums_api/explore/replay_strategy.h"
#include "ums_api/explore/time_sharing_strategy.h"
#include "ums_api/program/fork_server.h"
#include "ums_api/program/program_cpus.h"

namespace ums::api {

namespace {

using explore::Execution;
using explore::Strategy;

std::unique_ptr<Strategy> strategy_of_environment() {
  if (const char* const schedule = std::getenv("UMS_SCHEDULE")) {
    std::optional<explore::Schedule> parsed = explore::Schedule::from_string(schedule);
    if (!parsed.has_value()) refuse_variable("UMS_SCHEDULE", schedule);
    return std::make_unique<explore::ReplayStrategy>(std::move(*parsed));
  }
  const char* const given = std::getenv("UMS_SEED");
  if (given == nullptr && std::getenv("UMS_CPUS") != nullptr) {
    return std::make_unique<explore::TimeSharingStrategy>();
  }
  const std::string_view text = given != nullptr ? given : "0";
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || end != text.data() + text.size()) refuse_variable("UMS_SEED", given);
  return std::make_unique<explore::RandomStrategy>(seed);
}

// Who waits for what, a line each.
void report_waiting() {
  kernel::for_each_simulated(
      [](kernel::Task& task, void*) {
        const kernel::Event& next = task.machine.next;
        kernel::pr_err("  task {} (thread {}) waits to {} object {}", task.machine.number, task.tid,
                       kernel::event_name(next.kind), next.object);
      },
      nullptr);
}

class SingleExecution final : public Execution {
 public:
  using Execution::Execution;

  void stuck() noexcept override {
    kernel::pr_err("deadlock: no task can go on, after {} steps", kernel::simulation_steps());
    end();
  }

  [[noreturn]] void end() const {
    report_waiting();
    kernel::pr_err("it comes again with UMS_SCHEDULE={}", schedule().to_string());
    std::abort();
  }
};

SingleExecution* running = nullptr;

// Never destroyed: threads run until the process ends.
void begin_single() {
  static const std::unique_ptr<Strategy>& strategy =
      *new std::unique_ptr<Strategy>(strategy_of_environment());
  static_cast<void>(strategy->new_execution());
  running = new SingleExecution(*strategy);
  kernel::on_livelock = [](const kernel::Livelock& livelock) noexcept {
    kernel::print_livelock(livelock);
    running->end();
  };
  kernel::CpuOptions cpus = cpus_of_environment();
  if (std::getenv("UMS_SEED") != nullptr) cpus.quantum = 0;
  if (!kernel::simulation_begin(*running, cpus).ok()) {
    kernel::pr_err("no memory for a simulation");
    _exit(125);
  }
}

__attribute__((constructor(102))) void begin() {
  const char* const socket = std::getenv("UMS_EXPLORE");
  if (socket == nullptr) return begin_single();
  const int descriptor = std::atoi(socket);
  unsetenv("UMS_EXPLORE");
  serve_executions(descriptor);
}

}  // namespace

}  // namespace ums::api
