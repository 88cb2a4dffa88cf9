// SPDX-License-Identifier: Apache-2.0
//
// ums-bench-shapes: after how many executions each strategy finds the bugs that tools for testing
// concurrent programs are compared by (tests/simulated/shapes/), beside what is known of others.
//
//     ums-bench-shapes [LIMIT [SEEDS]]
//
// A cell is the mean over SEEDS explorations (20) of at most LIMIT executions each (2,000; of the
// shapes with 100 threads LIMIT / 20); in brackets how many of them found the bug, where not all
// did. The default strategy has 20,000 executions in any case.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "tests/simulated/shapes/shapes.h"
#include "ums_api/explore/default_strategy.h"
#include "ums_api/explore/explore.h"
#include "ums_api/explore/pct_strategy.h"

namespace ums::bench {
namespace {

using explore::Strategy;
using test::Shape;

constexpr std::uint64_t kDefaultLimit = 20'000;

struct Column {
  const char* name;
  std::unique_ptr<Strategy> (*make)(std::uint64_t seed);
};

template <typename T>
std::unique_ptr<Strategy> make(std::uint64_t seed) {
  return std::make_unique<T>(seed);
}

constexpr std::array kColumns = {
    Column{"random", make<explore::RandomStrategy>},
    Column{"PCT 3",
           [](std::uint64_t seed) -> std::unique_ptr<Strategy> {
             return std::make_unique<explore::PctStrategy>(seed, 3);
           }},
    Column{"POS", make<explore::PosStrategy>},
    Column{"default", make<explore::DefaultStrategy>},
};

std::uint64_t limit_of(const Column& column, const Shape& shape, std::uint64_t limit) {
  if (column.name == std::string_view("default")) return kDefaultLimit;
  return std::string_view(shape.name).ends_with("100") ? std::max<std::uint64_t>(limit / 20, 1)
                                                       : limit;
}

std::string cell(const Column& column, const Shape& shape, std::uint64_t limit,
                 std::uint64_t seeds) {
  std::uint64_t found = 0;
  std::uint64_t sum = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const std::unique_ptr<Strategy> strategy = column.make(seed);
    const explore::Exploration all =
        run_many(*strategy, limit_of(column, shape, limit), shape.body);
    if (!all.failed()) continue;
    ++found;
    sum += all.executions;
  }
  if (found == 0) return "none (0)";
  const std::string mean =
      fmt::format("{:.1f}", static_cast<double>(sum) / static_cast<double>(found));
  return found == seeds ? mean : fmt::format("{} ({})", mean, found);
}

std::string known(double executions) {
  return executions > 0 ? fmt::format("{:g}", executions) : "none";
}

void print_row(const Shape& shape, std::uint64_t limit, std::uint64_t seeds) {
  fmt::print("| {:19} |", shape.name);
  for (const Column& column : kColumns) {
    fmt::print(" {:>10} |", cell(column, shape, limit, seeds));
  }
  const auto& [pos, pct, rff, period] = shape.known;
  fmt::print(" {:>5} | {:>5} | {:>5} | {:>6} |\n", known(pos), known(pct), known(rff),
             known(period));
  std::fflush(stdout);
}

int run(std::uint64_t limit, std::uint64_t seeds) {
  fmt::print("| {:19} |", "shape");
  for (const Column& column : kColumns) fmt::print(" {:>10} |", column.name);
  fmt::print(" {:>5} | {:>5} | {:>5} | {:>6} |\n", "POS*", "PCT*", "RFF*", "period*");
  fmt::print("|---|---|---|---|---|---|---|---|---|\n");
  for (const Shape& shape : test::kShapes) print_row(shape, limit, seeds);
  fmt::print("* as published, with other people's programs of these shapes\n");
  return 0;
}

std::uint64_t number(const char* text, std::uint64_t otherwise) {
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace
}  // namespace ums::bench

int main(int argc, char** argv) {
  using ums::bench::number;
  constexpr std::uint64_t kLimit = 2000;
  constexpr std::uint64_t kSeeds = 20;
  const std::uint64_t limit = number(argc > 1 ? argv[1] : nullptr, kLimit);
  const std::uint64_t seeds = number(argc > 2 ? argv[2] : nullptr, kSeeds);
  if (limit > 0 && seeds > 0) return ums::bench::run(limit, seeds);
  fmt::print(stderr, "Usage: ums-bench-shapes [LIMIT [SEEDS]]\n");
  return 2;
}
