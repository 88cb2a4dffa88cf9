// SPDX-License-Identifier: Apache-2.0
//
// deadlock01: two threads take the same two locks in opposite orders.
//
// The bug: each has one, and waits for the other.
#pragma once

#include <mutex>
#include <thread>

#include "tests/simulated/shapes/shared.h"

namespace ums::test {

inline bool deadlock01() {
  std::mutex a;
  std::mutex b;
  Shared<int> counter(1);
  std::thread up([&] {
    const std::lock_guard outer(a);
    const std::lock_guard inner(b);
    counter = counter + 1;
  });
  std::thread down([&] {
    const std::lock_guard outer(b);
    const std::lock_guard inner(a);
    counter = counter - 1;
  });
  up.join();
  down.join();
  return true;
}

}  // namespace ums::test
