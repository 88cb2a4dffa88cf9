// SPDX-License-Identifier: Apache-2.0
//
// Exploration in process, for tests: a body is run again and again, each time with its threads in
// another order, until it fails. Link with libums-sim (CMake: ums::simulated) in the place of
// libums.
//
//     TEST(Queue, LosesNothing) {
//       ums::check_random([] {
//         Queue queue;
//         std::thread a([&] { queue.push(1); });
//         std::thread b([&] { queue.push(2); });
//         a.join();
//         b.join();
//         EXPECT_EQ(queue.size(), 2);
//       });
//     }
//
// A body fails if it returns false or throws, if GoogleTest notes a failure (where its header is
// included before this one), if its threads can no longer go on, or if it has not ended after so
// many steps. The error then says how the same execution is run again: UMS_SCHEDULE=... in the
// environment, or ExploreOptions::replay.
// UMS_SCHEDULE is for all explorations of the process: choose the test.
//
// Invariants:
// 1. The same program, body, options and input give the same executions.
// 2. A body finds what it has left behind in variables that outlive it: it is to clean up.
//
// Thread safety: one exploration at a time in a process.
#pragma once

#include <ums/ums_explore.h>

#include <cerrno>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace ums {

struct ExploreOptions {
  std::uint64_t executions = 1000;  // at most
  std::uint64_t seed = 0;
  std::string strategy = "default";   // ums/ums_explore.h says which there are
  std::optional<std::string> replay;  // the schedule of the only execution
  std::uint64_t steps = 1'000'000;    // an execution of more has failed
};

// What came of an exploration.
struct ExploreResult {
  ums_explore_verdict verdict = UMS_EXPLORE_PASSED;
  bool complete = false;         // there are no other executions
  std::uint64_t executions = 0;  // that were run
  std::uint64_t schedules = 0;   // among them that differ
  std::uint64_t steps = 0;       // in all of them
  std::string schedule;          // of the failure
  std::string message;           // what failed, and how to see it again

  bool passed() const { return verdict == UMS_EXPLORE_PASSED; }
  explicit operator bool() const { return passed(); }

  friend std::ostream& operator<<(std::ostream& out, const ExploreResult& result) {
    return out << (result.passed() ? "passed" : result.message);
  }
};

// Thrown by the check functions; what() is the message of the result.
class ExplorationFailed : public std::runtime_error {
 public:
  explicit ExplorationFailed(ExploreResult result)
      : std::runtime_error(result.message), result_(std::move(result)) {}

  const ExploreResult& result() const { return result_; }

 private:
  ExploreResult result_;
};

namespace explore_detail {

// What a test framework knows: how many failures there were until now, and what runs the current
// test alone.
struct Framework {
  int (*failures)() = [] { return 0; };
  std::string (*command)() = [] { return std::string(program_invocation_name); };
};

#if defined(GTEST_INCLUDE_GTEST_GTEST_H_) || defined(GOOGLETEST_INCLUDE_GTEST_GTEST_H_)

inline int gtest_failures() {
  const testing::TestInfo* const test = testing::UnitTest::GetInstance()->current_test_info();
  int failures = 0;
  for (int i = 0; test != nullptr && i < test->result()->total_part_count(); ++i) {
    failures += test->result()->GetTestPartResult(i).failed() ? 1 : 0;
  }
  return failures;
}

inline std::string gtest_command() {
  const testing::TestInfo* const test = testing::UnitTest::GetInstance()->current_test_info();
  std::string program = program_invocation_name;
  if (test == nullptr) return program;
  return program + " --gtest_filter='" + test->test_suite_name() + "." + test->name() + "'";
}

static inline Framework framework() { return {gtest_failures, gtest_command}; }

#else

static inline Framework framework() { return {}; }

#endif

// The body as a C function, with what it has thrown.
struct Body {
  std::function<bool()> run;
  Framework framework;
  int failures_before = 0;
  std::string thrown;

  static int call(void* argument) {
    Body& self = *static_cast<Body*>(argument);
    return self.passes() ? 1 : 0;
  }

  bool passes() {
    try {
      return run() && framework.failures() == failures_before;
    } catch (const std::exception& error) {
      thrown = error.what();
    } catch (...) {
      if (std::current_exception() == nullptr) throw;  // pthread_exit, or cancellation
      thrown = "an exception that is no std::exception";
    }
    return false;
  }
};

inline std::string describe(const ExploreResult& result, const Body& body,
                            const std::string& report, std::uint64_t steps) {
  std::string text;
  switch (result.verdict) {
    case UMS_EXPLORE_DEADLOCK:
      text = "deadlock: no task can go on\n" + report;
      break;
    case UMS_EXPLORE_STEP_LIMIT:
      text = "step limit: the body has not ended after " + std::to_string(steps) +
             " steps: a livelock, or it takes more, and wants a higher ExploreOptions::steps\n" +
             report;
      break;
    case UMS_EXPLORE_STRAYED:
      return "the schedule does not fit: a task that it names could not go on. It is of another "
             "program, version or input: run the program that printed it, or explore again without "
             "UMS_SCHEDULE and ExploreOptions::replay\n";
    default:
      text =
          body.thrown.empty() ? "the body has failed\n" : "the body threw: " + body.thrown + "\n";
  }
  return text + "execution " + std::to_string(result.executions) + "; the same again:\n    " +
         "UMS_SCHEDULE='" + result.schedule + "' " + body.framework.command() + "\n" +
         "or ExploreOptions::replay = \"" + result.schedule + "\"\n";
}

[[noreturn]] inline void refuse(int error, const ExploreOptions& options) {
  const bool bad_schedule = error == EINVAL && options.replay.has_value();
  const std::string what =
      bad_schedule      ? "ums::explore: '" + *options.replay + "' is no schedule"
      : error == EINVAL ? "ums::explore: there is no strategy '" + options.strategy + "'"
      : error == EBUSY  ? "ums::explore: called by a body that is being explored"
      : error == ENOSYS ? "ums::explore: pthread_create is not libums-sim's: link it first"
                        : "ums::explore";
  throw std::system_error(error, std::generic_category(), what);
}

inline ExploreResult explore(ExploreOptions options, Body body) {
  const char* const schedule = std::getenv("UMS_SCHEDULE");
  if (!options.replay.has_value() && schedule != nullptr) options.replay = schedule;
  if (options.steps == 0) options.steps = ExploreOptions().steps;
  const ums_explore_options plain = {options.executions, options.seed, options.strategy.c_str(),
                                     options.replay.has_value() ? options.replay->c_str() : nullptr,
                                     options.steps};
  body.failures_before = body.framework.failures();
  ums_explore_result found;
  if (ums_explore(&plain, Body::call, &body, &found) != 0) refuse(errno, options);
  ExploreResult result{found.verdict,
                       found.complete != 0,
                       found.executions,
                       found.schedules,
                       found.steps,
                       found.schedule,
                       {}};
  if (!result.passed()) result.message = describe(result, body, found.report, options.steps);
  ums_explore_result_free(&found);
  return result;
}

// A body that returns nothing passes unless it fails in another way.
template <typename Function>
std::function<bool()> as_function(Function&& function) {
  if constexpr (std::is_void_v<std::invoke_result_t<Function>>) {
    return [&function] {
      function();
      return true;
    };
  } else {
    return std::function<bool()>(std::forward<Function>(function));
  }
}

inline void throw_unless_passed(ExploreResult result) {
  if (!result.passed()) throw ExplorationFailed(std::move(result));
}

}  // namespace explore_detail

// Runs `body` as often as the options say, or until it fails. Throws std::system_error where the
// options make no sense.
template <std::invocable Function>
ExploreResult explore(const ExploreOptions& options, Function&& body,
                      explore_detail::Framework framework = explore_detail::framework()) {
  return explore_detail::explore(
      options, {explore_detail::as_function(std::forward<Function>(body)), framework, 0, {}});
}

// Throws ExplorationFailed if `body` fails in one of so many executions of the default strategy.
template <std::invocable Function>
void check_random(Function&& body, std::uint64_t executions = 1000, std::uint64_t seed = 0,
                  explore_detail::Framework framework = explore_detail::framework()) {
  ExploreOptions options;
  options.executions = executions;
  options.seed = seed;
  explore_detail::throw_unless_passed(explore(options, std::forward<Function>(body), framework));
}

// The same for all executions of `body`, or those with at most so many preemptions. It is for
// bodies of few steps, and fails for one that some order of its steps keeps from its end for ever.
template <std::invocable Function>
void check_exhaustive(Function&& body, int preemptions = -1,
                      explore_detail::Framework framework = explore_detail::framework()) {
  ExploreOptions options;
  options.executions = ~std::uint64_t{0};
  options.strategy = "exhaustive";
  if (preemptions >= 0) options.strategy += ":" + std::to_string(preemptions);
  explore_detail::throw_unless_passed(explore(options, std::forward<Function>(body), framework));
}

}  // namespace ums
