// SPDX-License-Identifier: Apache-2.0
//
// bluetooth driver (Qadeer, Wu: KISS: keep it simple and sequential, PLDI 2004): one thread stops a
// driver, and goes on when no request is under way; another makes a request, unless it sees that
// the driver is being stopped.
//
// The bug: between that look and the moment in which the request counts, the driver stops.
#pragma once

#include <mutex>
#include <thread>

#include "tests/simulated/shapes/shared.h"

namespace ums::test {

class BluetoothDriver {
 public:
  // Whether the driver ran all the time.
  bool request() {
    bool passed = true;
    if (enter()) passed = !stopped_;
    leave();
    return passed;
  }

  void stop() {
    stopping_ = true;
    leave();
    if (may_stop_) stopped_ = true;
  }

 private:
  bool enter() {
    if (stopping_) return false;
    const std::lock_guard guard(mutex_);
    pending_ = pending_ + 1;
    return true;
  }

  int count_down() {
    const std::lock_guard guard(mutex_);
    pending_ = pending_ - 1;
    return pending_;
  }

  void leave() {
    if (count_down() == 0) may_stop_ = true;
  }

  std::mutex mutex_;
  Shared<int> pending_{1};  // requests, and the driver itself
  Shared<bool> stopping_;
  Shared<bool> may_stop_;
  Shared<bool> stopped_;
};

inline bool bluetooth() {
  BluetoothDriver driver;
  bool passed = true;
  std::thread stopper([&] { driver.stop(); });
  std::thread requester([&] { passed = driver.request(); });
  stopper.join();
  requester.join();
  return passed;
}

}  // namespace ums::test
