// SPDX-License-Identifier: Apache-2.0
//
// Exploration in process: failures are found, and come back by their schedule.
#include "ums_api/explore/explore.h"

#include <gtest/gtest.h>
#include <ums/ums_sim.h>

#include <mutex>
#include <thread>

#include "ums_api/explore/random_strategy.h"
#include "ums_api/explore/replay_strategy.h"
#include "ums_api/explore/schedule.h"

namespace ums::test {
namespace {

using explore::Exploration;
using explore::RandomStrategy;
using explore::ReplayStrategy;
using explore::run_many;
using explore::Schedule;
using explore::Verdict;

// An increment in two critical sections.
bool increment_in_two_parts() {
  std::mutex mutex;
  int count = 0;
  const auto increment = [&] {
    int seen = 0;
    {
      const std::lock_guard guard(mutex);
      seen = count;
    }
    const std::lock_guard guard(mutex);
    count = seen + 1;
  };
  std::thread a(increment);
  std::thread b(increment);
  a.join();
  b.join();
  return count == 2;
}

// An increment without a lock.
bool increment_at_points() {
  int count = 0;
  const auto increment = [&] {
    const int seen = count;
    ums_sim_point();
    count = seen + 1;
  };
  std::thread a(increment);
  std::thread b(increment);
  a.join();
  b.join();
  return count == 2;
}

bool lock_two_in_any_order() {
  std::mutex one;
  std::mutex two;
  const auto lock = [](std::mutex& first, std::mutex& second) {
    const std::lock_guard outer(first);
    const std::lock_guard inner(second);
  };
  std::thread a([&] { lock(one, two); });
  std::thread b([&] { lock(two, one); });
  a.join();
  b.join();
  return true;
}

Exploration replay(const std::string& schedule, bool (*body)()) {
  ReplayStrategy strategy(Schedule::from_string(schedule).value());
  Exploration result = run_many(strategy, 10, body);
  EXPECT_FALSE(strategy.has_strayed());
  return result;
}

void expect_found_and_replayed(bool (*body)(), Verdict verdict) {
  RandomStrategy strategy(1);
  const Exploration found = run_many(strategy, 1000, body);
  ASSERT_EQ(found.verdict, verdict) << "after " << found.executions << " executions";
  for (int i = 0; i < 100; ++i) {
    const Exploration again = replay(found.schedule, body);
    EXPECT_EQ(again.verdict, verdict);
    EXPECT_EQ(again.executions, 1U);
    EXPECT_EQ(again.schedule, found.schedule);
  }
}

TEST(Explore, LostUpdateIsFoundAndReplayed) {
  expect_found_and_replayed(increment_in_two_parts, Verdict::kFailed);
}

TEST(Explore, LostUpdateBetweenPointsIsFoundAndReplayed) {
  expect_found_and_replayed(increment_at_points, Verdict::kFailed);
}

TEST(Explore, DeadlockIsFoundAndReplayed) {
  expect_found_and_replayed(lock_two_in_any_order, Verdict::kDeadlock);
}

TEST(Schedule, TextComesBack) {
  for (const char* text : {"", "0.1", "3.2,1.0,700.12", "0.~5", "3.2,1.0,70.~4294967295"}) {
    EXPECT_EQ(Schedule::from_string(text).value().to_string(), text);
  }
}

TEST(Schedule, WhatIsNoneIsRefused) {
  for (const char* text : {"1", "1.", ".1", "1.2,", ",1.2", "1.-2", "-1.2", "1.2;3.4", "1 .2", "x",
                           "~5", "1.~", "1.~2,3.4", "1.~-2", ",1.~2"}) {
    EXPECT_FALSE(Schedule::from_string(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace ums::test
