// SPDX-License-Identifier: Apache-2.0
//
// Targets: what the project promises about its speed, checked against the rows of the same run.
//
// A target relates two or three rows (a ratio or a difference of their medians) and has a limit,
// and some have a goal beyond it. Rows of one run only: absolute figures move with the machine, the
// relations hold.
//
// Invariants:
// 1. A target whose rows were not all measured is `kNotMeasured`; it never counts as reached.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/rows.h"

namespace ums::bench {

enum class Verdict { kReached, kGoalReached, kMissed, kNotMeasured };

struct TargetResult {
  std::string_view what;
  std::string measured;          // the medians that went in, with units
  std::optional<double> figure;  // ratio or difference; none where not measured
  std::string_view unit;         // of figure, limit and goal: "x" for a ratio
  bool at_least;                 // the figure is to be at least the limit, else at most
  double limit;
  std::optional<double> goal;
  Verdict verdict;
};

// Every target, in the order in which they are printed.
std::vector<TargetResult> check_targets(const RowTable& table);

// "reached", "reached, and its goal", "MISSED" or "not measured".
std::string_view name(Verdict verdict);

}  // namespace ums::bench
