// SPDX-License-Identifier: Apache-2.0
//
// Watchdog: ends a test that hangs, and says where. It prints the calls that are inside the device
// and every task's state, and aborts. It is the backstop, never part of a test's outcome.
//
// UMS_TEST_WATCHDOG_SECONDS (default 120) says how long a test may take. Its thread makes no call
// of the device and blocks every signal, so that tests about either do not meet it.
//
// Thread safety: made and destroyed by the test's own thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace ums::test {

class Watchdog {
 public:
  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch();

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace ums::test
