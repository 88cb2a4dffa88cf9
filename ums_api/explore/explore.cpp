// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/explore.h"

#include <pthread.h>

#include "sim_kernel/base/kassert.h"
#include "ums_api/explore/execution.h"
#include "ums_api/simulated/captured_threads.h"
#include "ums_api/simulated/threads.h"

namespace ums::explore {

namespace {

struct Body {
  const std::function<bool()>& run;
  bool passed = false;
};

// Runs the body as the simulation's second task; the first only waits.
Verdict run_once(Execution& execution, const std::function<bool()>& run) {
  Body body{run};
  kassert(kernel::simulation_begin(execution).ok(), "no memory for a simulation");
  pthread_t thread;
  const auto start = [](void* argument) -> void* {
    auto& its_body = *static_cast<Body*>(argument);
    its_body.passed = its_body.run();
    return nullptr;
  };
  const int error = pthread_create(&thread, nullptr, start, &body);
  kassert(error == 0, "no thread for the body: errno {}", error);
  if (api::wait_for_thread(thread)) pthread_join(thread, nullptr);
  kernel::simulation_wait_for_all();
  kernel::simulation_end();
  if (execution.is_stuck()) return Verdict::kDeadlock;
  return body.passed ? Verdict::kPassed : Verdict::kFailed;
}

// While it lives threads are kept from one execution for the next.
class KeepThreads {
 public:
  KeepThreads() { api::keep_threads(true); }
  ~KeepThreads() { api::keep_threads(false); }
  KeepThreads(const KeepThreads&) = delete;
  KeepThreads& operator=(const KeepThreads&) = delete;
};

}  // namespace

Exploration run_many(Strategy& strategy, std::uint64_t executions,
                     const std::function<bool()>& body) {
  const KeepThreads threads_are_kept;
  Exploration result;
  while (result.executions < executions && !result.failed() && strategy.new_execution()) {
    Execution execution(strategy);
    result.verdict = run_once(execution, body);
    ++result.executions;
    result.steps += kernel::simulation_steps();
    if (result.failed()) result.schedule = execution.schedule().to_string();
  }
  return result;
}

}  // namespace ums::explore
