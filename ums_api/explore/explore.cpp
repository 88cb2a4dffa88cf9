// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/explore.h"

#include <pthread.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "sim_kernel/base/kassert.h"
#include "ums_api/explore/crash_report.h"
#include "ums_api/explore/execution.h"
#include "ums_api/explore/waiting_tasks.h"
#include "ums_api/simulated/captured_threads.h"
#include "ums_api/simulated/threads.h"

namespace ums::explore {

namespace {

// One that ends, at the latest after so many steps, and says why others did not.
class LimitedExecution final : public Execution {
 public:
  LimitedExecution(Strategy& strategy, std::uint64_t steps_max)
      : Execution(strategy), steps_max_(steps_max) {}

  std::size_t choose(std::span<const Choice> choices, int current) noexcept override {
    if (counts().steps < steps_max_) [[likely]]
      return Execution::choose(choices, current);
    return choose_last(choices);
  }

  void stuck() noexcept override {
    Execution::stuck();
    waiting_ = waiting_tasks();
  }

  // None of the body itself.
  std::optional<Verdict> verdict() const {
    if (is_over_) return Verdict::kStepLimit;
    if (is_stuck()) return Verdict::kDeadlock;
    return {};
  }
  const std::string& waiting() const { return waiting_; }

 private:
  // Who is about to unlock still does: it may be a lock of a test framework's, or of a library's,
  // that is wanted when the execution is over.
  std::size_t choose_last(std::span<const Choice> choices) {
    if (choices.size() == 1 && choices[0].task == 0) return 0;  // who runs the body
    const auto unlocks = std::find_if(choices.begin(), choices.end(), [](const Choice& choice) {
      return choice.next.kind == kernel::EventKind::kUnlock;
    });
    if (unlocks != choices.end() && unlocks_left_-- > 0) {
      return static_cast<std::size_t>(unlocks - choices.begin());
    }
    if (!is_over_) waiting_ = waiting_tasks();
    is_over_ = true;
    return kernel::kNobody;
  }

  const std::uint64_t steps_max_;
  int unlocks_left_ = 1000;  // then a loop of them is no end, either
  bool is_over_ = false;
  std::string waiting_;
};

struct Body {
  const std::function<bool()>& run;
  bool passed = false;
};

// Runs the body as the simulation's second task; the first only waits.
Verdict run_once(LimitedExecution& execution, const std::function<bool()>& run) {
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
  return execution.verdict().value_or(body.passed ? Verdict::kPassed : Verdict::kFailed);
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
                     const std::function<bool()>& body, Threads threads, std::uint64_t steps_max) {
  const KeepThreads keep(threads);
  CrashReport crash_report;
  Exploration result;
  std::unordered_set<std::uint64_t> schedules;
  while (result.executions < executions && !result.failed()) {
    result.complete = !strategy.new_execution();
    if (result.complete) break;
    LimitedExecution execution(strategy, steps_max);
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
