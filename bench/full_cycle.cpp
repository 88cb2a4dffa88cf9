// SPDX-License-Identifier: Apache-2.0
//
// Our full cycle through the C API: one dispatch as a program sees it, with everything that
// cycle_scheduler.h lists.
#include <fmt/core.h>

#include "bench/child.h"
#include "bench/cycle_scheduler.h"
#include "bench/placement.h"
#include "bench/rows.h"

namespace ums::bench {
namespace {

constexpr int kAllThatAMachineAllows = 30'000;

Sample cycles(int workers) {
  Team team(1);
  CycleScheduler scheduler(team, allowed_cpus().front(), workers);
  const int created = scheduler.create_workers();
  if (created < workers) {
    return Sample::unavailable(fmt::format("this machine stops at {} threads", created));
  }
  scheduler.start();
  scheduler.join();
  return Sample::measured(scheduler.nanoseconds());
}

void add_with(RowTable& table, int workers) {
  table.add({fmt::format("full_cycle/{}", workers), kDispatch, "UMS, full cycle through the C API",
             workers, Unit::kNanoseconds},
            isolated([workers] { return cycles(workers); }));
}

}  // namespace

void add_full_cycle_rows(RowTable& table) {
  for (const int workers : kWorkerCounts) {
    add_with(table, workers);
  }
  add_with(table, kAllThatAMachineAllows);
}

}  // namespace ums::bench
