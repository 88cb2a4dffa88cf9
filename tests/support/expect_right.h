// SPDX-License-Identifier: Apache-2.0
//
// Tests of what simulated threads see: a body that is right in many orders.
//
// Thread safety: a test's first thread.
#pragma once

#include <gtest/gtest.h>

#include "support/run_beside.h"
#include "ums_api/explore/explore.h"
#include "ums_api/explore/pos_strategy.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {

// Nothing is wrong with `body` in 200 orders of each kind.
template <typename Body>
void expect_right(Body body) {
  explore::RandomStrategy random(1);
  explore::PosStrategy pos(1);
  for (explore::Strategy* strategy :
       {static_cast<explore::Strategy*>(&random), static_cast<explore::Strategy*>(&pos)}) {
    const explore::Exploration all = explore::run_many(*strategy, 200, [&body] {
      body();
      return !testing::Test::HasFailure();
    });
    EXPECT_EQ(all.verdict, explore::Verdict::kPassed) << "schedule " << all.schedule;
  }
}

}  // namespace ums::test
