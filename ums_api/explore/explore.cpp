// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/explore.h"

#include <pthread.h>

#include <unordered_set>

#include "sim_kernel/base/kassert.h"
#include "ums_api/explore/crash_report.h"
#include "ums_api/explore/execution.h"
#include "ums_api/explore/waiting_tasks.h"
#include "ums_api/simulated/captured_threads.h"
#include "ums_api/simulated/threads.h"

namespace ums::explore {

namespace {

// Says of a deadlock who waits for what.
class ReportingExecution final : public Execution {
 public:
  using Execution::Execution;

  void stuck() noexcept override {
    Execution::stuck();
    waiting_ = waiting_tasks();
  }

  const std::string& waiting() const { return waiting_; }

 private:
  std::string waiting_;
};

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

// While it lives threads are kept from one execution for the next, or not.
class KeepThreads {
 public:
  explicit KeepThreads(Threads threads) { api::keep_threads(threads == Threads::kKept); }
  ~KeepThreads() { api::keep_threads(false); }
  KeepThreads(const KeepThreads&) = delete;
  KeepThreads& operator=(const KeepThreads&) = delete;
};

}  // namespace

Exploration run_many(Strategy& strategy, std::uint64_t executions,
                     const std::function<bool()>& body, Threads threads) {
  const KeepThreads keep(threads);
  CrashReport crash_report;
  Exploration result;
  std::unordered_set<std::uint64_t> schedules;
  while (result.executions < executions && !result.failed()) {
    result.complete = !strategy.new_execution();
    if (result.complete) break;
    ReportingExecution execution(strategy);
    crash_report.watch(&execution.schedule());
    result.verdict = run_once(execution, body);
    ++result.executions;
    result.steps += kernel::simulation_steps();
    schedules.insert(execution.counts().path);
    if (result.failed()) result.schedule = execution.schedule().to_string();
    result.waiting = execution.waiting();
  }
  result.schedules = schedules.size();
  return result;
}

}  // namespace ums::explore
