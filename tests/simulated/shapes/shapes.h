// SPDX-License-Identifier: Apache-2.0
//
// The shapes: small programs with a bug each, which the literature on testing concurrent programs
// compares its tools by (Thomson, Donaldson, Betts: Concurrency testing using controlled
// schedulers, TOPC 2016), written afresh from their descriptions.
//
//     for (const Shape& shape : kShapes) run_many(strategy, 20'000, shape.body)
//
// A body returns false, or its threads stop for ever, where its bug has come to light.
//
// Beside each: after how many executions others have found its bug, on average (20 seeds; 0: not
// within their limits): partial order sampling and PCT of depth 3, reads-from guided greybox
// fuzzing (RFF), and period search.
#pragma once

#include <array>
#include <ostream>

#include "tests/simulated/shapes/account.h"
#include "tests/simulated/shapes/bluetooth.h"
#include "tests/simulated/shapes/deadlock01.h"
#include "tests/simulated/shapes/lazy01.h"
#include "tests/simulated/shapes/reorder.h"
#include "tests/simulated/shapes/token_ring.h"
#include "tests/simulated/shapes/two_stage.h"
#include "tests/simulated/shapes/work_stealing.h"
#include "tests/simulated/shapes/wrong_lock.h"

namespace ums::test {

struct Known {
  double pos;
  double pct;
  double rff;
  double period;
};

struct Shape {
  const char* name;
  bool (*body)();
  Known known;
};

inline std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.name; }

inline constexpr std::array kShapes = {
    Shape{"account", account, {1.0, 8.6, 1.0, 10.1}},
    Shape{"deadlock01", deadlock01, {4.3, 20.1, 4.7, 3.0}},
    Shape{"lazy01", lazy01, {5.2, 10.2, 6.4, 7.0}},
    Shape{"token ring", token_ring, {7.0, 7.7, 5.1, 2.0}},
    Shape{"bluetooth driver", bluetooth, {72.2, 160.8, 44.9, 9.0}},
    Shape{"wrong lock", wrong_lock, {1.0, 88.2, 1.0, 4.3}},
    Shape{"reorder, 3", [] { return reorder(3); }, {222.7, 241.1, 6.7, 6.0}},
    Shape{"reorder, 5", [] { return reorder(5); }, {4377, 1126, 5.8, 12.0}},
    Shape{"reorder, 10", [] { return reorder(10); }, {0, 2356, 5.8, 27.0}},
    Shape{"reorder, 100", [] { return reorder(100); }, {0, 7447, 5.8, 297}},
    Shape{"two-stage lock", [] { return two_stage(2); }, {14.6, 8.9, 8.2, 4.0}},
    Shape{"two-stage, 100", [] { return two_stage(100); }, {0, 3888, 56.0, 690}},
    Shape{"work-stealing queue", work_stealing, {10.1, 12.1, 10.1, 57.0}},
};

}  // namespace ums::test
