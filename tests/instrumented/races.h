// SPDX-License-Identifier: Apache-2.0
//
// Races: what the tests of the race detector share. A body is run in some executions, and its races
// are counted.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>

#include <functional>
#include <vector>

#include "instrumented/two_threads.h"
#include "sim_kernel/simulated/races/race_report.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {

inline std::vector<kernel::RaceReport> races;

class Races : public testing::Test {
 protected:
  Races() {
    races.clear();
    kernel::on_race = [](const kernel::RaceReport& race) noexcept { races.push_back(race); };
  }
  ~Races() override { kernel::on_race = kernel::print_race; }

  // In each of some executions.
  static void expect_race(const std::function<void()>& body) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      races.clear();
      run_once(seed, body);
      EXPECT_FALSE(races.empty()) << "seed " << seed;
    }
  }

  static void expect_once(const std::function<void()>& body) { run_once(1, body); }

  static void expect_none(const std::function<void()>& body) {
    races.clear();
    for (std::uint64_t seed = 0; seed < 50; ++seed) run_once(seed, body);
    EXPECT_TRUE(races.empty()) << races.size() << " reports";
    for (const kernel::RaceReport& race : races) kernel::print_race(race);
  }

 private:
  static void run_once(std::uint64_t seed, const std::function<void()>& body) {
    explore::RandomStrategy strategy(seed);
    EXPECT_FALSE(explore::run_many(strategy, 1, [&] {
                   body();
                   return true;
                 }).failed());
  }
};

// The second begins when the first has made all of its steps, which nothing instrumented says.
inline void after_all_of(const auto& first, const auto& second) {
  bool done = false;
  run_two(
      [&] {
        first();
        done = true;
      },
      [&] {
        while (!done) sched_yield();
        second();
      });
}

}  // namespace ums::test
