// SPDX-License-Identifier: Apache-2.0
//
// The shapes: the default strategy finds the bug of each, and what any strategy finds comes back.
#include "tests/simulated/shapes/shapes.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <memory>
#include <string>

#include "ums_api/explore/default_strategy.h"
#include "ums_api/explore/explore.h"
#include "ums_api/explore/pct_strategy.h"
#include "ums_api/explore/replay_strategy.h"

namespace ums::test {
namespace {

using explore::DefaultStrategy;
using explore::Exploration;
using explore::run_many;
using explore::Strategy;

constexpr std::uint64_t kLimit = 20'000;

class Shapes : public testing::TestWithParam<Shape> {};

INSTANTIATE_TEST_SUITE_P(All, Shapes, testing::ValuesIn(kShapes), [](const auto& shape) {
  std::string name;
  for (const char c : std::string_view(shape.param.name)) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
  }
  return name;
});

TEST_P(Shapes, BugIsFoundByTheDefaultStrategy) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    DefaultStrategy strategy(seed);
    EXPECT_TRUE(run_many(strategy, kLimit, GetParam().body).failed()) << "seed " << seed;
  }
}

// The seed is all that the way depends on: two explorations end with the same schedule after the
// same number of executions.
TEST_P(Shapes, ExplorationIsAFunctionOfItsSeed) {
  DefaultStrategy one(7);
  const Exploration first = run_many(one, kLimit, GetParam().body);
  DefaultStrategy other(7);
  const Exploration second = run_many(other, kLimit, GetParam().body);
  EXPECT_EQ(second.executions, first.executions);
  EXPECT_EQ(second.schedule, first.schedule);
}

TEST_P(Shapes, FailureComesBackByItsSchedule) {
  DefaultStrategy strategy(7);
  const Exploration found = run_many(strategy, kLimit, GetParam().body);
  ASSERT_TRUE(found.failed());
  explore::ReplayStrategy replay(explore::Schedule::from_string(found.schedule).value());
  EXPECT_EQ(run_many(replay, 1, GetParam().body).verdict, found.verdict);
  EXPECT_FALSE(replay.has_strayed());
}

// Many threads write both variables, and the one that reads them is to come between. That makes the
// orders of steps many, and those of reads and writes no more than with two.
TEST(ReadsFrom, FindsWhatIsRareAmongOrders) {
  constexpr std::uint64_t kFew = 200;
  const auto body = [] { return reorder(20); };
  explore::PosStrategy pos(1);
  EXPECT_FALSE(run_many(pos, kFew, body).failed());
  explore::PosStrategy base(1);
  explore::ReadsFromStrategy reads_from(1, base);
  EXPECT_TRUE(run_many(reads_from, kFew, body).failed());
}

// One thread writes after many steps of its own, and the other reads: a walk that goes on with
// either as often never sees the write.
bool read_far_away() {
  constexpr int kStepsBefore = 40;
  Shared<int> own;
  Shared<int> number(0);
  bool passed = true;
  std::thread writer([&] {
    for (int i = 0; i < kStepsBefore; ++i) own = i;
    number = 1;
  });
  std::thread reader([&] { passed = number == 0; });
  writer.join();
  reader.join();
  return passed;
}

TEST(ReadsFrom, WaitsForAWriteThatIsFarAway) {
  constexpr std::uint64_t kFew = 100;
  explore::RandomStrategy walk(1);
  EXPECT_FALSE(run_many(walk, kFew, read_far_away).failed());
  explore::RandomStrategy base(1);
  explore::ReadsFromStrategy reads_from(1, base);
  EXPECT_TRUE(run_many(reads_from, kFew, read_far_away).failed());
}

// That the last read comes before the write cannot be: who wishes so does not wait for ever.
TEST(ReadsFrom, WhoSpinsGetsWhatItWaitsFor) {
  DefaultStrategy strategy(1);
  const Exploration all = run_many(strategy, 200, [] {
    Shared<int> number(0);
    Shared<int> flag(0);
    std::thread setter([&] {
      number = 1;
      flag = 1;
    });
    std::thread waiter([&] {
      while (flag == 0) sched_yield();
      EXPECT_EQ(number, 1);
    });
    setter.join();
    waiter.join();
    return true;
  });
  EXPECT_EQ(all.executions, 200U);
}

// Two threads that append their names, step by step.
std::string names_of(Strategy& strategy) {
  std::string names;
  run_many(strategy, 1, [&] {
    Shared<int> nothing;
    const auto append = [&](char name) {
      for (int i = 0; i < 4; ++i) {
        nothing = i;
        names += name;
      }
    };
    std::thread a(append, 'a');
    std::thread b(append, 'b');
    a.join();
    b.join();
    return true;
  });
  return names;
}

TEST(RoundRobin, GivesEachAsManySteps) {
  explore::RoundRobinStrategy strategy;
  EXPECT_EQ(names_of(strategy), "babababa");
  EXPECT_EQ(names_of(strategy), "bbaabbaa");
  EXPECT_EQ(names_of(strategy), "bbbaaaba");
  EXPECT_EQ(names_of(strategy), "bbbbaaaa");
}

TEST(RoundRobin, EndsWhenNobodyIsInterrupted) {
  explore::RoundRobinStrategy strategy;
  const Exploration all = run_many(strategy, kLimit, [] {
    Shared<int> number(0);
    const auto add = [&] { number = number + 1; };
    std::thread a(add);
    std::thread b(add);
    a.join();
    b.join();
    return true;
  });
  EXPECT_EQ(all.executions, 2U) << "one step a turn, and both";
}

}  // namespace
}  // namespace ums::test
