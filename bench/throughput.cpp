// SPDX-License-Identifier: Apache-2.0
//
// Switches a second of one scheduler, and of two on two CPUs that share nothing but the device.
//
// The one is measured on either CPU in turn and the mean taken, since the two need not be equally
// fast; the rates of the two are taken while both run, and added.
#include <memory>
#include <vector>

#include "bench/child.h"
#include "bench/cycle_scheduler.h"
#include "bench/placement.h"
#include "bench/rows.h"

namespace ums::bench {
namespace {

constexpr int kWorkersEach = 2;
constexpr double kNanosecondsASecond = 1e9;

// The sum of the rates of one scheduler on each of these processors, all at once.
double switches_a_second(const std::vector<int>& cpus) {
  Team team(static_cast<int>(cpus.size()));
  std::vector<std::unique_ptr<CycleScheduler>> schedulers;
  for (const int cpu : cpus) {
    schedulers.push_back(std::make_unique<CycleScheduler>(team, cpu, kWorkersEach));
    schedulers.back()->create_workers();
  }
  for (const auto& scheduler : schedulers) {
    scheduler->start();
  }
  double sum = 0;
  for (const auto& scheduler : schedulers) {
    scheduler->join();
    sum += kNanosecondsASecond / scheduler->nanoseconds();
  }
  return sum;
}

Sample one() {
  const int first = allowed_cpus().front();
  const int last = allowed_cpus().back();
  return Sample::measured((switches_a_second({first}) + switches_a_second({last})) / 2);
}

Sample two() {
  const int first = allowed_cpus().front();
  const int last = allowed_cpus().back();
  return first == last ? Sample::unavailable(kNeedsTwoCpus)
                       : Sample::measured(switches_a_second({first, last}));
}

}  // namespace

void add_throughput_rows(RowTable& table) {
  table.add({"one_scheduler", kThroughput, "UMS, one scheduler", kWorkersEach, Unit::kPerSecond},
            isolated(one));
  table.add({"two_schedulers", kThroughput, "UMS, two schedulers on two CPUs, a list each",
             2 * kWorkersEach, Unit::kPerSecond},
            isolated(two));
}

}  // namespace ums::bench
