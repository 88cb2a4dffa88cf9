// SPDX-License-Identifier: Apache-2.0
#include "bench/targets.h"

#include <fmt/core.h>

#include "bench/reporter.h"

namespace ums::bench {
namespace {

// What Windows's own UMS was published to take for a yield, at best.
constexpr double kWindowsUmsNs = 118;

// How a figure is made of the medians of the rows.
using Formula = double (*)(const std::vector<double>& medians);

double ratio(const std::vector<double>& medians) { return medians[0] / medians[1]; }
double to_windows_ums(const std::vector<double>& medians) { return medians[0] / kWindowsUmsNs; }
double kibibytes_more(const std::vector<double>& medians) {
  return (medians[0] - medians[1]) / 1024;
}
double kibibytes(const std::vector<double>& medians) { return medians[0] / 1024; }
double millions(const std::vector<double>& medians) { return medians[0] / 1e6; }
double thousands(const std::vector<double>& medians) { return medians[0] / 1e3; }
double itself(const std::vector<double>& medians) { return medians[0]; }
double milliseconds_more(const std::vector<double>& medians) {
  return (medians[0] - medians[1]) / 1e6;
}
double to_switch_and_two_writes(const std::vector<double>& medians) {
  return medians[0] / (medians[1] + 2 * medians[2]);
}

struct Target {
  std::string_view what;
  std::vector<std::string_view> rows;
  Formula figure;
  std::string_view unit;
  bool at_least;
  double limit;
  std::optional<double> goal;
};

const std::vector<Target> all_targets = {
    {"full cycle / Boost.Fiber dispatch, 2 workers",
     {"full_cycle/2", "fiber/2"},
     ratio,
     "x",
     false,
     2.0,
     1.0},
    {"full cycle, 2 workers / Windows UMS as published (118 ns)",
     {"full_cycle/2"},
     to_windows_ums,
     "x",
     false,
     1.0,
     {}},
    {"futex through a scheduler / full cycle, one CPU",
     {"futex_scheduler/1cpu", "full_cycle/2"},
     ratio,
     "x",
     true,
     50,
     {}},
    {"switch / (Boost.Context round trip + 2 thread pointer writes)",
     {"switch", "context/2", "write_thread_pointer"},
     to_switch_and_two_writes,
     "x",
     false,
     1.3,
     {}},
    {"full cycle, 10,000 workers / 2 workers",
     {"full_cycle/10000", "full_cycle/2"},
     ratio,
     "x",
     false,
     3.0,
     {}},
    {"create + run + join, one at a time, worker / pthread",
     {"create_worker/1", "create_pthread/1"},
     ratio,
     "x",
     false,
     1.5,
     1.3},
    {"create + run + join, 100 at a time, worker / pthread",
     {"create_worker/100", "create_pthread/100"},
     ratio,
     "x",
     false,
     1.5,
     1.3},
    {"memory of a suspended worker - a blocked pthread",
     {"memory_worker", "memory_pthread"},
     kibibytes_more,
     "KiB",
     false,
     2.0,
     {}},
    {"switches a second, two schedulers on two CPUs / one",
     {"two_schedulers", "one_scheduler"},
     ratio,
     "x",
     true,
     1.9,
     {}},
    {"UMS call through the kernel process / bare notification",
     {"served_delete", "notification"},
     ratio,
     "x",
     false,
     1.5,
     {}},
    {"the same with one copy / bare notification",
     {"served_create", "notification"},
     ratio,
     "x",
     false,
     1.8,
     {}},
    {"the same with two copies / bare notification",
     {"served_next", "notification"},
     ratio,
     "x",
     false,
     2.1,
     {}},
    {"`ums run -- true` - `true`",
     {"served_start", "host_start"},
     milliseconds_more,
     "ms",
     false,
     15,
     {}},
    {"kernel process, memory of a suspended call",
     {"served_memory"},
     kibibytes,
     "KiB",
     false,
     8,
     {}},
    {"simulated machine, steps a second, 8 threads",
     {"simulated_steps"},
     millions,
     "M/s",
     true,
     5,
     {}},
    {"the same, executions a second, new threads",
     {"simulated_new_threads"},
     thousands,
     "k/s",
     true,
     3,
     {}},
    {"the same, threads kept", {"simulated_kept_threads"}, thousands, "k/s", true, 20, {}},
    {"13 shapes: found as soon as by POS or PCT", {"simulated_shapes"}, itself, "", true, 10, {}},
    {"13 shapes: found as soon as by the best of four",
     {"simulated_shapes_best"},
     itself,
     "",
     true,
     10,
     {}},
};

Verdict judge(const Target& target, double figure) {
  const auto within = [&target, figure](double bound) {
    return target.at_least ? figure >= bound : figure <= bound;
  };
  if (!within(target.limit)) {
    return Verdict::kMissed;
  }
  return target.goal && within(*target.goal) ? Verdict::kGoalReached : Verdict::kReached;
}

TargetResult check(const Target& target, const RowTable& table) {
  TargetResult result{target.what,     {},           {},          target.unit,
                      target.at_least, target.limit, target.goal, Verdict::kNotMeasured};
  std::vector<double> medians;
  for (const std::string_view name : target.rows) {
    const Row* row = table.find(name);
    if (row == nullptr || !row->has_value()) {
      result.measured.clear();
      return result;
    }
    medians.push_back(row->median());
    result.measured += (result.measured.empty() ? "" : ", ") + with_unit(*row, row->median());
  }
  result.figure = target.figure(medians);
  result.verdict = judge(target, *result.figure);
  return result;
}

}  // namespace

std::vector<TargetResult> check_targets(const RowTable& table) {
  std::vector<TargetResult> results;
  for (const Target& target : all_targets) {
    results.push_back(check(target, table));
  }
  return results;
}

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kReached:
      return "reached";
    case Verdict::kGoalReached:
      return "reached, and its goal";
    case Verdict::kMissed:
      return "MISSED";
    case Verdict::kNotMeasured:
      return "not measured";
  }
  return "";
}

}  // namespace ums::bench
