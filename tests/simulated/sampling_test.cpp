// SPDX-License-Identifier: Apache-2.0
//
// The strategies that sample: what they promise, counted.
#include <gtest/gtest.h>
#include <sched.h>
#include <ums/ums_sim.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "ums_api/explore/explore.h"
#include "ums_api/explore/pct_strategy.h"
#include "ums_api/explore/pos_strategy.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {
namespace {

using explore::run_many;
using explore::Strategy;

// A family of bugs of depth 1 to 3: one thread counts to kCount, and the other looks `depth` - 1
// times. At its first look it must see 2, at its second the last number: so often the one that runs
// must stop at a certain step.
constexpr int kCount = 8;
constexpr std::array kSeen = {2, kCount};

bool misses(int depth) {
  int count = 0;
  bool hit = true;
  std::thread counter([&] {
    for (; count < kCount; ++count) ums_sim_point();
  });
  std::thread looker([&] {
    for (std::size_t look = 0; look + 1 < static_cast<std::size_t>(depth); ++look) {
      ums_sim_point();
      hit = hit && count == kSeen[look];
    }
  });
  counter.join();
  looker.join();
  return !hit;
}

struct Found {
  int bugs = 0;
  double steps = 0;  // of the longest execution
};

Found find_bugs(Strategy& strategy, int executions, int depth) {
  Found found;
  for (int i = 0; i < executions; ++i) {
    const explore::Exploration one = run_many(strategy, 1, [depth] { return misses(depth); });
    found.bugs += one.failed() ? 1 : 0;
    found.steps = std::max(found.steps, static_cast<double>(one.steps));
  }
  return found;
}

// At least 1 / (n k^(depth-1)) of the executions, for n tasks and k steps. The seed is fixed, and
// with it the count.
TEST(Pct, FindsAsManyBugsAsItPromises) {
  constexpr double kTasks = 3;  // the body, and its two threads
  for (const int depth : {1, 2, 3}) {
    const int executions = depth == 3 ? 10'000 : 1'000;
    explore::PctStrategy strategy(7, depth);
    const Found found = find_bugs(strategy, executions, depth);
    const double promised = executions / (kTasks * std::pow(found.steps, depth - 1));
    EXPECT_GE(found.bugs, promised) << "depth " << depth;
  }
}

TEST(Pct, IsAFunctionOfItsSeed) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    explore::PctStrategy one(seed, 2);
    explore::PctStrategy other(seed, 2);
    EXPECT_EQ(find_bugs(one, 300, 2).bugs, find_bugs(other, 300, 2).bugs);
  }
}

// By its priority alone, the one that waits would go on for ever.
TEST(Pct, LetsOthersGoFirstWhereOneYields) {
  explore::PctStrategy strategy(1, 2);
  for (int i = 0; i < 50; ++i) {
    const explore::Exploration one = run_many(strategy, 1, [] {
      bool set = false;
      std::thread waiter([&set] {
        while (!set) sched_yield();
      });
      std::thread setter([&set] { set = true; });
      waiter.join();
      setter.join();
      return true;
    });
    EXPECT_LT(one.steps, 100U);
  }
}

// How often each order of three threads at one mutex, and each of two steps that nobody else can
// tell apart, is seen.
template <typename Body>
std::map<std::string, int> count_orders(Strategy& strategy, int executions, Body body) {
  std::map<std::string, int> orders;
  for (int i = 0; i < executions; ++i) {
    std::string order;
    run_many(strategy, 1, [&] {
      body(order);
      return true;
    });
    ++orders[order];
  }
  return orders;
}

// One thread takes another mutex many times before the one that both want: its order is as likely
// as the other's for POS, which draws orders, and not for a random walk, which draws steps.
void race_after_a_long_way(std::string& order) {
  std::mutex own;
  std::mutex both;
  std::thread a([&] {
    for (int i = 0; i < 20; ++i) const std::lock_guard guard(own);
    const std::lock_guard guard(both);
    order += 'a';
  });
  std::thread b([&] {
    const std::lock_guard guard(both);
    order += 'b';
  });
  a.join();
  b.join();
}

TEST(Pos, DrawsOrdersAndNotSteps) {
  constexpr int kExecutions = 2000;
  explore::RandomStrategy random(1);
  EXPECT_LT(count_orders(random, kExecutions, race_after_a_long_way)["ab"], kExecutions / 100);
  explore::PosStrategy pos(1);
  EXPECT_GT(count_orders(pos, kExecutions, race_after_a_long_way)["ab"], kExecutions / 50);
}

}  // namespace
}  // namespace ums::test
