// SPDX-License-Identifier: Apache-2.0
//
// account: one deposits and the other withdraws, without a lock.
//
// The bug: one writes a balance that the other's change is not in.
#pragma once

#include <thread>

#include "tests/simulated/shapes/shared.h"

namespace ums::test {

inline bool account() {
  Shared<int> balance(10);
  std::thread deposit([&] { balance = balance + 5; });
  std::thread withdraw([&] { balance = balance - 3; });
  deposit.join();
  withdraw.join();
  return balance == 12;
}

}  // namespace ums::test
