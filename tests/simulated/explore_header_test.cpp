// SPDX-License-Identifier: Apache-2.0
//
// ums/explore.hpp: exploration as tests use it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ums/explore.hpp>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/emulator.h"

namespace ums::test {
namespace {

// An increment in two critical sections.
int count_in_two_parts() {
  std::mutex mutex;
  int count = 0;
  const auto increment = [&] {
    mutex.lock();
    const int seen = count;
    mutex.unlock();
    const std::lock_guard guard(mutex);
    count = seen + 1;
  };
  std::thread a(increment);
  std::thread b(increment);
  a.join();
  b.join();
  return count;
}

bool finds_two() { return count_in_two_parts() == 2; }

void lock_in_any_order() {
  std::mutex one;
  std::mutex two;
  std::thread a([&] { const std::scoped_lock both(one, two); });
  std::thread b([&] {
    const std::lock_guard outer(two);
    const std::lock_guard inner(one);
  });
  std::thread c([&] {
    const std::lock_guard outer(one);
    const std::lock_guard inner(two);
  });
  a.join();
  b.join();
  c.join();
}

// What the exploration of a body is refused or fails with.
template <typename Check>
std::string message_of(Check check) {
  try {
    check();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

TEST(ExploreHeader, BodyThatReturnsFalseFails) {
  const ExploreResult result = explore({}, finds_two);
  EXPECT_EQ(result.verdict, UMS_EXPLORE_FAILED);
  EXPECT_FALSE(result);
  EXPECT_GE(result.schedules, 1U);
}

TEST(ExploreHeader, BodyThatReturnsNothingPasses) {
  const ExploreResult result = explore({}, [] { count_in_two_parts(); });
  EXPECT_TRUE(result) << result;
  EXPECT_EQ(result.executions, 1000U);
  EXPECT_GT(result.schedules, 20U);
  EXPECT_FALSE(result.complete);
}

// The first execution passes.
ExploreResult find_later() {
  ExploreOptions options;
  options.strategy = "exhaustive";
  ExploreResult result = explore(options, finds_two);
  EXPECT_EQ(result.verdict, UMS_EXPLORE_FAILED);
  EXPECT_GT(result.executions, 1U);
  return result;
}

TEST(ExploreHeader, FailureComesBackByItsSchedule) {
  ExploreOptions options;
  options.replay = find_later().schedule;
  const ExploreResult again = explore(options, finds_two);
  EXPECT_EQ(again.verdict, UMS_EXPLORE_FAILED);
  EXPECT_EQ(again.executions, 1U);
  EXPECT_EQ(again.schedule, options.replay);
}

TEST(ExploreHeader, EnvironmentNamesTheSchedule) {
  const std::string schedule = find_later().schedule;
  setenv("UMS_SCHEDULE", schedule.c_str(), 1);
  ExploreOptions options;
  options.strategy = "exhaustive";
  const ExploreResult again = explore(options, finds_two);
  unsetenv("UMS_SCHEDULE");
  EXPECT_EQ(again.verdict, UMS_EXPLORE_FAILED);
  EXPECT_EQ(again.executions, 1U);
}

// Nobody was preempted: a schedule like others.
TEST(ExploreHeader, EmptyScheduleIsReplayed) {
  ExploreOptions options;
  options.replay = "";
  EXPECT_EQ(explore(options, [] { return false; }).executions, 1U);
  EXPECT_EQ(explore(options, [] { return true; }).executions, 1U);
}

TEST(ExploreHeader, MessageSaysHowToSeeItAgain) {
  const ExploreResult result = explore({}, finds_two);
  EXPECT_NE(result.message.find("UMS_SCHEDULE='" + result.schedule + "' "), std::string::npos);
  EXPECT_NE(result.message.find("--gtest_filter='ExploreHeader.MessageSaysHowToSeeItAgain'"),
            std::string::npos)
      << result.message;
  EXPECT_NE(result.message.find("replay = \"" + result.schedule + "\""), std::string::npos);
}

TEST(ExploreHeader, ExceptionIsAFailure) {
  const ExploreResult result = explore({}, [] {
    if (!finds_two()) throw std::logic_error("lost one");
  });
  EXPECT_EQ(result.verdict, UMS_EXPLORE_FAILED);
  EXPECT_NE(result.message.find("lost one"), std::string::npos) << result.message;
}

// For the next test, in a process of its own.
TEST(ExploreHeader, DISABLED_LosesOne) {
  check_random([] { EXPECT_EQ(count_in_two_parts(), 2); });
}

// What runs a test that is not run otherwise.
std::string command_of(const std::string& test) {
  std::string command;
  for (const std::string& word : command_of_this_program())
    command.append("'").append(word).append("' ");
  return command + "--gtest_also_run_disabled_tests --gtest_filter=" + test;
}

std::string output_of(const std::string& command) {
  std::string output;
  std::FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c = 0; (c = std::fgetc(pipe)) != EOF;) output += static_cast<char>(c);
  EXPECT_NE(pclose(pipe), 0) << output;
  return output;
}

TEST(ExploreHeader, GoogleTestFailureEndsTheExplorationAndComesBack) {
  const std::string command = command_of("ExploreHeader.DISABLED_LosesOne");
  const std::string first = output_of(command);
  const std::size_t begin = first.find("UMS_SCHEDULE='");
  ASSERT_NE(begin, std::string::npos) << first;
  const std::string schedule = first.substr(begin, first.find("' ", begin) + 2 - begin);
  const std::string again = output_of(schedule + command);
  EXPECT_NE(again.find("execution 1; the same again"), std::string::npos) << again;
  EXPECT_NE(again.find(schedule), std::string::npos) << again;
}

TEST(ExploreHeader, DISABLED_Aborts) {
  check_random([] {
    if (!finds_two()) std::abort();
  });
}

TEST(ExploreHeader, DISABLED_Crashes) {
  check_random([] {
    if (!finds_two()) *static_cast<volatile int*>(nullptr) = 1;
  });
}

TEST(ExploreHeader, DISABLED_Exits) {
  check_random([] {
    if (!finds_two()) std::exit(3);
  });
}

TEST(ExploreHeader, ProgramThatExitsSaysByWhichSchedule) {
  const std::string command = command_of("ExploreHeader.DISABLED_Exits");
  const std::string first = output_of(command);
  EXPECT_NE(first.find("ums: exit with status 3 ends the program"), std::string::npos) << first;
  const std::size_t begin = first.find("UMS_SCHEDULE='");
  ASSERT_NE(begin, std::string::npos) << first;
  const std::string schedule = first.substr(begin, first.find("'\n", begin) + 1 - begin);
  EXPECT_NE(output_of(fmt::format("{} {}", schedule, command)).find(schedule), std::string::npos);
}

// A child that ends by exit says nothing, and neither does the program when all is over.
TEST(ExploreHeader, DISABLED_ExitsInAChild) {
  check_random(
      [] {
        const pid_t child = fork();
        if (child == 0) std::exit(0);
        waitpid(child, nullptr, 0);
      },
      3);
  FAIL() << "as output_of expects";
}

TEST(ExploreHeader, ExitElsewhereIsNotReported) {
  const std::string output = output_of(command_of("ExploreHeader.DISABLED_ExitsInAChild"));
  EXPECT_EQ(output.find("exit with status"), std::string::npos) << output;
}

TEST(ExploreHeader, ProgramThatCrashesSaysByWhichSchedule) {
  SKIP_UNDER_EMULATOR("it waits for its other threads when one aborts");
#if UMS_SANITIZE_ADDRESS
  GTEST_SKIP() << "AddressSanitizer has handlers of its own";
#endif
  for (const std::string test :
       {"ExploreHeader.DISABLED_Aborts", "ExploreHeader.DISABLED_Crashes"}) {
    const std::string command = command_of(test);
    const std::string first = output_of(command);
    const std::size_t begin = first.find("UMS_SCHEDULE='");
    ASSERT_NE(begin, std::string::npos) << first;
    const std::string schedule = first.substr(begin, first.find("'\n", begin) + 1 - begin);
    EXPECT_NE(output_of(fmt::format("{} {}", schedule, command)).find(schedule), std::string::npos);
  }
}

int failures_noted = 0;

TEST(ExploreHeader, FailureThatTheFrameworkNotesIsAFailure) {
  failures_noted = 3;
  explore_detail::Framework framework;
  framework.failures = [] { return failures_noted; };
  const auto body = [] { failures_noted += finds_two() ? 0 : 1; };
  EXPECT_FALSE(explore({}, body, framework).passed());
  EXPECT_EQ(failures_noted, 4);
}

TEST(ExploreHeader, GoogleTestsFailuresAreCounted) {
  EXPECT_EQ(explore_detail::framework().failures(), 0);
  EXPECT_EQ(explore_detail::framework().failures, explore_detail::gtest_failures);
}

TEST(ExploreHeader, DeadlockSaysWhoWaits) {
  const ExploreResult result = explore({}, lock_in_any_order);
  EXPECT_EQ(result.verdict, UMS_EXPLORE_DEADLOCK);
  EXPECT_THAT(result.message,
              testing::ContainsRegex("task [23] waits to lock object [0-9]+, which task [24] has"))
      << result.message;
  EXPECT_THAT(result.message,
              testing::ContainsRegex("task 1 .the body. waits for the end of task [234]"))
      << result.message;
  EXPECT_EQ(result.message.find("task 0"), std::string::npos) << result.message;
}

TEST(ExploreHeader, DeadlockNamesWhatIsWaitedFor) {
  const ExploreResult result = explore({}, [] {
    std::mutex mutex;
    std::condition_variable never;
    std::thread waiter([&] {
      std::unique_lock lock(mutex);
      never.wait(lock);
    });
    waiter.join();
  });
  EXPECT_EQ(result.verdict, UMS_EXPLORE_DEADLOCK);
  EXPECT_NE(result.message.find("task 2 waits for object "), std::string::npos) << result.message;
}

void let_each_other_go_first() {
  const auto yield_for_ever = [] {
    for (;;) sched_yield();
  };
  std::thread a(yield_for_ever);
  std::thread b(yield_for_ever);
  a.join();
  b.join();
}

// With each strategy, and again by the schedule. What comes next in the process is as ever.
TEST(ExploreHeader, LivelockEndsAtTheStepLimit) {
  for (const char* name : {"default", "random", "pct", "pos", "round-robin", "exhaustive"}) {
    ExploreOptions options;
    options.strategy = name;
    options.steps = 30'000;
    const ExploreResult result = explore(options, let_each_other_go_first);
    EXPECT_EQ(result.verdict, UMS_EXPLORE_STEP_LIMIT) << name;
    EXPECT_NE(result.message.find("has not ended after 30000 steps"), std::string::npos)
        << result.message;
    EXPECT_NE(result.message.find("task 3 could go on, to yield"), std::string::npos)
        << result.message;
    options.replay = result.schedule;
    const ExploreResult again = explore(options, let_each_other_go_first);
    EXPECT_EQ(again.verdict, UMS_EXPLORE_STEP_LIMIT) << name;
    EXPECT_EQ(again.schedule, result.schedule) << name;
    EXPECT_TRUE(explore({}, [] { count_in_two_parts(); }).passed()) << name;
  }
}

// The limit may come at any step of the body, or before it has begun.
TEST(ExploreHeader, AnyStepMayBeTheLast) {
  for (std::uint64_t steps = 1; steps < 30; ++steps) {
    ExploreOptions options;
    options.steps = steps;
    options.strategy = "random";
    options.executions = 20;
    const ExploreResult result = explore(options, [] { count_in_two_parts(); });
    EXPECT_TRUE(result.passed() || result.verdict == UMS_EXPLORE_STEP_LIMIT) << steps;
    EXPECT_TRUE(steps > 8 || !result.passed()) << steps;
  }
}

// The regular turns of the first execution, and who comes first by its priority, would keep these
// from their end for ever.
TEST(ExploreHeader, StrategiesKeepNobodyFromItsEnd) {
  for (const char* name : {"default", "random", "pct", "pos", "round-robin"}) {
    ExploreOptions options;
    options.strategy = name;
    options.executions = 50;
    const ExploreResult scoped = explore(options, [] {
      std::mutex one;
      std::mutex two;
      std::thread a([&] { const std::scoped_lock both(one, two); });
      std::thread b([&] { const std::scoped_lock both(two, one); });
      a.join();
      b.join();
    });
    EXPECT_TRUE(scoped) << name << ": " << scoped;
    const ExploreResult tried = explore(options, [] {
      std::mutex mutex;
      const auto try_to_lock = [&] {
        while (!mutex.try_lock()) {
        }
        sched_yield();
        mutex.unlock();
      };
      std::thread a(try_to_lock);
      std::thread b(try_to_lock);
      a.join();
      b.join();
    });
    EXPECT_TRUE(tried) << name << ": " << tried;
  }
}

TEST(ExploreHeader, CheckRandomThrowsWhatFailed) {
  EXPECT_EQ(message_of([] { check_random([] { count_in_two_parts(); }); }), "");
  EXPECT_NE(message_of([] { check_random(finds_two); }).find("UMS_SCHEDULE="), std::string::npos);
}

TEST(ExploreHeader, CheckExhaustiveSeesAll) {
  check_exhaustive([] { std::thread([] {}).join(); });
  EXPECT_THROW(check_exhaustive(finds_two), ExplorationFailed);
  check_exhaustive(finds_two, 0);  // without preemptions the parts stay together
  ExploreOptions options;
  options.strategy = "exhaustive";
  EXPECT_TRUE(explore(options, [] { std::thread([] {}).join(); }).complete);
}

TEST(ExploreHeader, EachStrategyExplores) {
  for (const char* name :
       {"default", "random", "pct", "pct:1", "pos", "round-robin", "exhaustive", "exhaustive:1"}) {
    ExploreOptions options;
    options.strategy = name;
    options.executions = 10;
    EXPECT_TRUE(explore(options, [] { count_in_two_parts(); }).passed()) << name;
  }
}

TEST(ExploreHeader, WhatMakesNoSenseIsRefused) {
  for (const char* name : {"", "luck", "pct:", "pct:0", "pct:x", "pct3", "random:1",
                           "pos:", "exhaustive:-1", "default:2"}) {
    ExploreOptions options;
    options.strategy = name;
    EXPECT_NE(message_of([&] { explore(options, finds_two); }).find(name), std::string::npos);
    EXPECT_THROW(explore(options, finds_two), std::system_error) << name;
  }
  ExploreOptions options;
  options.replay = "1.2,x";
  EXPECT_NE(message_of([&] { explore(options, finds_two); }).find("'1.2,x' is no schedule"),
            std::string::npos);
}

TEST(ExploreHeader, ScheduleOfAnotherProgramHasStrayed) {
  ExploreOptions options;
  options.replay = "0.17";
  const ExploreResult result = explore(options, finds_two);
  EXPECT_EQ(result.verdict, UMS_EXPLORE_STRAYED);
  EXPECT_NE(result.message.find("another program"), std::string::npos);
}

TEST(ExploreHeader, ExplorationInsideAnotherIsRefused) {
  const ExploreResult result = explore({}, [] { explore({}, finds_two); });
  EXPECT_NE(result.message.find("called by a body"), std::string::npos) << result.message;
}

// The thread of the body may end like any other.
TEST(ExploreHeader, BodyThatExitsFails) {
  EXPECT_FALSE(explore({}, [] { pthread_exit(nullptr); }));
}

}  // namespace
}  // namespace ums::test
