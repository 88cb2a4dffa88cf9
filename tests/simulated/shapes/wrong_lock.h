// SPDX-License-Identifier: Apache-2.0
//
// wrong lock: one thread counts up under a lock, and seven others under another.
//
// The bug: they count between two looks of the first.
#pragma once

#include <mutex>
#include <thread>
#include <vector>

#include "tests/simulated/shapes/shared.h"

namespace ums::test {

inline bool wrong_lock() {
  constexpr int kOthers = 7;
  std::mutex right;
  std::mutex wrong;
  Shared<int> data(0);
  bool passed = true;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    const std::lock_guard guard(right);
    const int seen = data;
    data = data + 1;
    passed = data == seen + 1;
  });
  for (int i = 0; i < kOthers; ++i) {
    threads.emplace_back([&] {
      const std::lock_guard guard(wrong);
      data = data + 1;
    });
  }
  for (std::thread& each : threads) each.join();
  return passed;
}

}  // namespace ums::test
