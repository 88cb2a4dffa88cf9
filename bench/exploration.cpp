// SPDX-License-Identifier: Apache-2.0
//
// The simulated machine: steps a second, executions a second in process, and how many of the shapes
// (tests/simulated/shapes/) the default strategy finds after as few executions as it is to. A
// program that is linked with that machine measures (simulated/simulated.cpp).
#include <string>

#include "bench/program.h"
#include "bench/rows.h"

namespace ums::bench {
namespace {

void add_simulated(RowTable& table, const std::string& measurement, std::string_view what,
                   int threads, Unit unit) {
  table.add({"simulated_" + measurement, kSimulated, what, threads, unit}, [measurement] {
    return number_of({UMS_BENCH_SIMULATED, measurement});
  });
}

}  // namespace

void add_exploration_rows(RowTable& table) {
  add_simulated(table, "steps", "steps at a mutex", 8, Unit::kPerSecond);
  add_simulated(table, "new_threads", "executions of 20 steps, new threads", 2, Unit::kPerSecond);
  add_simulated(table, "kept_threads", "the same, threads kept", 2, Unit::kPerSecond);
  add_simulated(table, "shapes", "of 13 shapes found as soon as by POS or PCT", 1, Unit::kCount);
  add_simulated(table, "shapes_best", "the same, as soon as by the best of four", 1, Unit::kCount);
}

}  // namespace ums::bench
