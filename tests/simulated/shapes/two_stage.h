// SPDX-License-Identifier: Apache-2.0
//
// two-stage lock: all threads but one write a number under one lock, and what follows from it under
// another; the last one reads both, each under its lock.
//
// The bug: it reads the one when it has been written, and the other before that.
#pragma once

#include <mutex>
#include <thread>
#include <vector>

#include "tests/simulated/shapes/shared.h"

namespace ums::test {

class TwoStages {
 public:
  void write() {
    {
      const std::lock_guard guard(first_lock_);
      first_ = 1;
    }
    const std::lock_guard guard(second_lock_);
    second_ = first_ + 1;
  }

  // Whether the second number follows from the first.
  bool check() {
    int first = 0;
    {
      const std::lock_guard guard(first_lock_);
      first = first_;
    }
    if (first == 0) return true;
    const std::lock_guard guard(second_lock_);
    return second_ == first + 1;
  }

 private:
  std::mutex first_lock_;
  Shared<int> first_{0};
  std::mutex second_lock_;
  Shared<int> second_{0};
};

inline bool two_stage(int number_of_threads) {
  TwoStages stages;
  bool passed = true;
  std::vector<std::thread> threads;
  for (int i = 0; i + 1 < number_of_threads; ++i) threads.emplace_back([&] { stages.write(); });
  threads.emplace_back([&] { passed = stages.check(); });
  for (std::thread& each : threads) each.join();
  return passed;
}

}  // namespace ums::test
