// SPDX-License-Identifier: Apache-2.0
//
// reorder: all threads but one write two variables, one after the other; the last one reads them in
// the same order.
//
// The bug: it reads between somebody's first write and everybody's second.
#pragma once

#include <thread>
#include <vector>

#include "tests/simulated/shapes/shared.h"

namespace ums::test {

inline bool reorder(int number_of_threads) {
  Shared<int> a(0);
  Shared<int> b(0);
  bool passed = true;
  std::vector<std::thread> threads;
  for (int i = 0; i + 1 < number_of_threads; ++i) {
    threads.emplace_back([&] {
      a = 1;
      b = -1;
    });
  }
  threads.emplace_back([&] { passed = (a == 0 && b == 0) || (a == 1 && b == -1); });
  for (std::thread& each : threads) each.join();
  return passed;
}

}  // namespace ums::test
