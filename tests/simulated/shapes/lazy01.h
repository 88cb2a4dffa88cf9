// SPDX-License-Identifier: Apache-2.0
//
// lazy01: two threads add to a number, 1 and 2, and a third looks at it, all under one lock.
//
// The bug: the third comes last, which it does not expect.
#pragma once

#include <mutex>
#include <thread>

#include "tests/simulated/shapes/shared.h"

namespace ums::test {

inline bool lazy01() {
  std::mutex mutex;
  Shared<int> data(0);
  bool passed = true;
  const auto add = [&](int number) {
    const std::lock_guard guard(mutex);
    data = data + number;
  };
  std::thread one(add, 1);
  std::thread two(add, 2);
  std::thread look([&] {
    const std::lock_guard guard(mutex);
    passed = data < 3;
  });
  one.join();
  two.join();
  look.join();
  return passed;
}

}  // namespace ums::test
