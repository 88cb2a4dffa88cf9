// SPDX-License-Identifier: Apache-2.0
//
// Two threads of a simulation, as the tests of this folder explore them, and in how many ways.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <thread>

#include "ums_api/explore/exhaustive_strategy.h"
#include "ums_api/explore/explore.h"

namespace ums::test {

inline void run_two(const auto& a, const auto& b) {
  std::thread one(a);
  std::thread two(b);
  one.join();
  two.join();
}

// run_two as a person would count it, with all steps: who has which before it. Creating the second
// thread is a step, after which that can begin; each join is one that waits for an end.
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

// Asks another strategy, for the next of its executions.
class NextExecution final : public explore::Strategy {
 public:
  explicit NextExecution(explore::Strategy& strategy) : strategy_(strategy) {}
  bool new_execution() override { return true; }
  std::size_t next_task(std::span<const explore::Choice> choices, int current) override {
    return strategy_.next_task(choices, current);
  }
  std::uint64_t next_number(std::uint64_t bound) override { return strategy_.next_number(bound); }

 private:
  explore::Strategy& strategy_;
};

// What body() returns in all executions that somebody could tell apart, each once.
template <typename Body>
auto outcomes_of(const Body& body) {
  std::multiset<decltype(body())> outcomes;
  explore::ExhaustiveStrategy strategy;
  while (strategy.new_execution()) {
    decltype(body()) outcome{};
    NextExecution once(strategy);
    explore::run_many(once, 1, [&] {
      outcome = body();
      return true;
    });
    if (strategy.is_new()) outcomes.insert(outcome);
  }
  return outcomes;
}

}  // namespace ums::test
