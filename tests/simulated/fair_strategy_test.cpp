// SPDX-License-Identifier: Apache-2.0
//
// FairStrategy: changes nothing below its limit, lets everybody go on above it, and comes back by
// the schedule.
#include "ums_api/explore/fair_strategy.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "ums_api/explore/execution.h"
#include "ums_api/explore/pct_strategy.h"
#include "ums_api/explore/replay_strategy.h"

namespace ums::test {
namespace {

using explore::Choice;
using explore::Execution;
using explore::FairStrategy;
using explore::kFairAfter;
using explore::PctStrategy;
using explore::ReplayStrategy;
using explore::Schedule;
using explore::Strategy;
using kernel::EventKind;

constexpr std::size_t kTasks = 3;
constexpr std::size_t kSteps = 3 * kFairAfter;

// Three tasks that try to lock for ever; at each seventh step the first alone may go on.
std::vector<std::size_t> run(Execution& execution) {
  std::array<Choice, kTasks> choices;
  for (std::size_t i = 0; i < kTasks; ++i) {
    choices[i] = {static_cast<int>(i), {EventKind::kTryLock, 1, 0}};
  }
  std::vector<std::size_t> chosen;
  int current = 0;
  for (std::size_t i = 0; i < kSteps; ++i) {
    const std::span<const Choice> some(choices.data(), i % 7 == 0 ? 1 : kTasks);
    chosen.push_back(execution.choose(some, current));
    current = choices[chosen.back()].task;
  }
  return chosen;
}

std::vector<std::size_t> run(Strategy& strategy) {
  EXPECT_TRUE(strategy.new_execution());
  Execution execution(strategy);
  return run(execution);
}

std::unique_ptr<Strategy> pct() { return std::make_unique<PctStrategy>(5, 3); }

TEST(FairStrategy, ChangesNothingBelowItsLimit) {
  FairStrategy fair(1, pct());
  const std::unique_ptr<Strategy> other = pct();
  const std::vector<std::size_t> some = run(fair);
  const std::vector<std::size_t> same = run(*other);
  EXPECT_TRUE(std::equal(some.begin(), some.begin() + kFairAfter, same.begin()));
}

TEST(FairStrategy, LetsEverybodyGoOnAboveIt) {
  constexpr double kExpected = 2.0 * kFairAfter * 6 / 7 / kTasks;  // steps of each
  FairStrategy fair(1, pct());
  for (int execution = 0; execution < 3; ++execution) {
    const std::vector<std::size_t> chosen = run(fair);
    std::array<std::size_t, kTasks> counts{};
    for (std::size_t i = kFairAfter; i < kSteps; ++i) {
      if (i % 7 != 0) ++counts[chosen[i]];
    }
    for (const std::size_t count : counts) {
      EXPECT_NEAR(static_cast<double>(count), kExpected, 300);
    }
  }
}

TEST(FairStrategy, IsAFunctionOfItsSeed) {
  FairStrategy one(1, pct());
  FairStrategy same(1, pct());
  FairStrategy other(2, pct());
  const std::vector<std::size_t> chosen = run(one);
  EXPECT_EQ(run(same), chosen);
  EXPECT_NE(run(other), chosen);
  EXPECT_NE(run(one), chosen) << "another execution";
}

// Of the steps behind the limit only the seed is noted.
TEST(FairStrategy, ComesBackByItsSchedule) {
  FairStrategy fair(1, pct());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(fair.new_execution());
    Execution execution(fair);
    const std::vector<std::size_t> chosen = run(execution);
    const std::string text = execution.schedule().to_string();
    EXPECT_LT(text.size(), kFairAfter);
    ReplayStrategy replay(Schedule::from_string(text).value());
    ASSERT_TRUE(replay.new_execution());
    Execution again(replay);
    EXPECT_EQ(run(again), chosen);
    EXPECT_EQ(again.schedule(), execution.schedule());
    EXPECT_EQ(again.counts().path, execution.counts().path);
  }
}

TEST(FairStrategy, MayBeginAtOnceInASchedule) {
  ReplayStrategy replay(Schedule::from_string("0.~7").value());
  const std::vector<std::size_t> chosen = run(replay);
  EXPECT_GT(std::count(chosen.begin(), chosen.end(), 2U), kSteps / 4);
}

}  // namespace
}  // namespace ums::test
