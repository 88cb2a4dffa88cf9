// SPDX-License-Identifier: Apache-2.0
//
// Exhaustive exploration sees each execution once: as many as counted by hand.
#include <gtest/gtest.h>
#include <sched.h>
#include <ums/ums_sim.h>

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "ums_api/explore/execution.h"
#include "ums_api/explore/exhaustive_strategy.h"
#include "ums_api/explore/explore.h"

namespace ums::test {
namespace {

using explore::ExhaustiveStrategy;
using explore::Exploration;
using explore::run_many;

constexpr int kNoBound = 1'000'000;
constexpr std::uint64_t kMany = 1'000'000;

// Two threads, a and b, of as many steps each.
void run_two(int steps_of_a, int steps_of_b, const auto& step) {
  std::thread a([&] {
    for (int i = 1; i < steps_of_a; ++i) step('a');
  });
  std::thread b([&] {
    for (int i = 1; i < steps_of_b; ++i) step('b');
  });
  a.join();
  b.join();
}

// The program of run_two as a person would count it: who has which steps before it. Creating b is a
// step, after which b can begin; each join is one that waits for an end.
struct ByHand {
  int steps_a;
  int steps_b;

  std::uint64_t count(int a, int b, int main) const {
    if (main == 3) return 1;
    std::uint64_t sum = 0;
    if (a < steps_a) sum += count(a + 1, b, main);
    if (main > 0 && b < steps_b) sum += count(a, b + 1, main);
    const bool main_may = main == 0 || (main == 1 ? a == steps_a : b == steps_b);
    if (main_may) sum += count(a, b, main + 1);
    return sum;
  }
};

TEST(Exhaustive, SeesAsManyInterleavingsAsCountedByHand) {
  EXPECT_EQ((ByHand{1, 1}.count(0, 0, 0)), 5U) << "ACBJ ACJB CABJ CAJB CBAJ";
  for (const auto& [a, b] : {std::pair(1, 1), {1, 2}, {2, 2}, {3, 2}, {3, 4}}) {
    ExhaustiveStrategy strategy(kNoBound);
    const Exploration all = run_many(strategy, kMany, [&, steps_a = a, steps_b = b] {
      run_two(steps_a, steps_b, [](char) { sched_yield(); });
      return true;
    });
    EXPECT_EQ(all.executions, (ByHand{a, b}.count(0, 0, 0))) << a << " and " << b << " steps";
    EXPECT_FALSE(strategy.has_strayed());
  }
}

// With sleep sets: executions that somebody could tell apart, each once.
std::uint64_t count_traces(std::multiset<std::string>& orders, const auto& body) {
  ExhaustiveStrategy strategy;
  std::uint64_t traces = 0;
  std::string order;
  while (strategy.new_execution()) {
    order.clear();
    struct Once final : explore::Strategy {
      explicit Once(explore::Strategy& s) : strategy(s) {}
      bool new_execution() override { return true; }
      std::size_t next_task(std::span<const explore::Choice> choices, int current) override {
        return strategy.next_task(choices, current);
      }
      std::uint64_t next_number(std::uint64_t bound) override { return bound - 1; }
      explore::Strategy& strategy;
    } once(strategy);
    EXPECT_FALSE(run_many(once, 1, [&] {
                   body(order);
                   return true;
                 }).failed());
    if (!strategy.is_new()) continue;
    ++traces;
    orders.insert(order);
  }
  EXPECT_FALSE(strategy.has_strayed());
  return traces;
}

TEST(Exhaustive, OrdersOfOneMutexAreSeenOnceEach) {
  std::multiset<std::string> orders;
  std::mutex mutex;
  const std::uint64_t traces = count_traces(orders, [&](std::string& order) {
    run_two(3, 3, [&](char name) {
      const std::lock_guard guard(mutex);
      order += name;
    });
  });
  EXPECT_EQ(traces, 6U) << "four letters, two of each";
  EXPECT_EQ(std::set<std::string>(orders.begin(), orders.end()).size(), 6U);
}

TEST(Exhaustive, WhatNobodyCanTellIsSeenOnce) {
  std::multiset<std::string> orders;
  std::mutex mutexes[2];
  const std::uint64_t traces = count_traces(orders, [&](std::string&) {
    run_two(4, 4, [&](char name) { const std::lock_guard guard(mutexes[name - 'a']); });
  });
  EXPECT_EQ(traces, 1U);
}

TEST(Exhaustive, BoundOfPreemptions) {
  std::uint64_t before = 0;
  for (int bound = 0; bound < 4; ++bound) {
    ExhaustiveStrategy strategy(bound);
    const Exploration all = run_many(strategy, kMany, [] {
      run_two(3, 3, [](char) { ums_sim_point(); });
      return true;
    });
    EXPECT_GT(all.executions, before);
    before = all.executions;
  }
  EXPECT_LT(before, (ByHand{3, 3}.count(0, 0, 0)));
}

// Who yields lets the other go on, unless a schedule says otherwise: without any preemption both
// come to their ends in all orders of yields.
TEST(Exhaustive, YieldsAreNoPreemptions) {
  ExhaustiveStrategy strategy(0);
  const Exploration all = run_many(strategy, kMany, [] {
    run_two(3, 3, [](char) { sched_yield(); });
    return true;
  });
  EXPECT_GT(all.executions, 1U);
}

}  // namespace
}  // namespace ums::test
