// SPDX-License-Identifier: Apache-2.0
//
// ums-bench-simulated: what ums-bench shows of the simulated machine. Prints one number.
//
//     ums-bench-simulated steps | new_threads | kept_threads | shapes | shapes_best
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <limits>
#include <mutex>
#include <string_view>
#include <thread>

#include "tests/simulated/shapes/shapes.h"
#include "ums_api/explore/default_strategy.h"
#include "ums_api/explore/explore.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::bench {
namespace {

using explore::Exploration;
using explore::Threads;

// What other programs take is left out where one kernel thread does all.
double seconds_now(Threads threads) {
  timespec now;
  clock_gettime(threads == Threads::kKept ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

bool eight_at_a_mutex() {
  constexpr int kRounds = 20'000;
  std::mutex mutex;
  int count = 0;
  std::array<std::thread, 8> threads;
  for (std::thread& each : threads) {
    each = std::thread([&] {
      for (int i = 0; i < kRounds; ++i) {
        const std::lock_guard guard(mutex);
        ++count;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  return count == kRounds * static_cast<int>(threads.size());
}

// With the creation and the ends of the threads 20 steps.
bool two_of_few_steps() {
  test::Shared<int> number(0);
  const auto count = [&] {
    number = 1;
    number = number + 1;
    number = number + 1;
  };
  std::thread a(count);
  std::thread b(count);
  a.join();
  b.join();
  return true;
}

struct Rates {
  double steps;
  double executions;
};

Rates rates(std::uint64_t executions, bool (*body)(), Threads threads) {
  explore::RandomStrategy strategy(1);
  run_many(strategy, 1, body, threads);
  const double begin = seconds_now(threads);
  const Exploration all = run_many(strategy, executions, body, threads);
  const double passed = seconds_now(threads) - begin;
  return {static_cast<double>(all.steps) / passed, static_cast<double>(all.executions) / passed};
}

// The best of some, which other programs have disturbed least.
template <typename Measure>
double best_of(int repetitions, Measure measure) {
  double best = 0;
  for (int i = 0; i < repetitions; ++i) best = std::max(best, measure());
  return best;
}

double mean_until_found(const test::Shape& shape) {
  constexpr std::uint64_t kSeeds = 20;
  constexpr std::uint64_t kLimit = 20'000;
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    explore::DefaultStrategy strategy(seed);
    const Exploration all = run_many(strategy, kLimit, shape.body);
    if (!all.failed()) return std::numeric_limits<double>::infinity();
    sum += static_cast<double>(all.executions);
  }
  return sum / kSeeds;
}

// 0 stands for none.
double known(double executions) {
  return executions > 0 ? executions : std::numeric_limits<double>::infinity();
}

double shapes_found(bool as_the_best) {
  return static_cast<double>(
      std::count_if(test::kShapes.begin(), test::kShapes.end(), [&](const test::Shape& shape) {
        const auto& [pos, pct, rff, period] = shape.known;
        double limit = std::min(known(pos), known(pct));
        if (as_the_best) limit = std::min({limit, known(rff), known(period)});
        return mean_until_found(shape) <= limit;
      }));
}

double measure(std::string_view what) {
  constexpr int kRepetitions = 5;
  if (what == "steps") {
    return best_of(kRepetitions, [] { return rates(1, eight_at_a_mutex, Threads::kKept).steps; });
  }
  if (what == "new_threads") {
    return best_of(kRepetitions,
                   [] { return rates(200, two_of_few_steps, Threads::kNew).executions; });
  }
  if (what == "kept_threads") {
    return best_of(kRepetitions,
                   [] { return rates(2000, two_of_few_steps, Threads::kKept).executions; });
  }
  return shapes_found(what == "shapes_best");
}

}  // namespace
}  // namespace ums::bench

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  fmt::print("{}\n", ums::bench::measure(argv[1]));
  return 0;
}
