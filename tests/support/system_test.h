// SPDX-License-Identifier: Apache-2.0
//
// SystemTest: the fixture of all system tests. After each test, with its files closed and its
// threads joined, nothing may be left in the kernel:
//
//   1. every slab cache and kvmalloc hold as many objects as before;
//   2. no lock is held, and no RCU callback waits (rcu_barrier runs them all);
//   3. as many misuses were reported as the test said with expect_misuse, but for allow_misuse.
//
// DeviceTest: a SystemTest with the device open at `fd_` and a completion list `list_`.
//
// Thread safety: the test's own thread.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "support/await.h"
#include "support/door.h"
#include "support/kernel_view.h"
#include "support/thread.h"
#include "support/watchdog.h"

namespace ums::test {

class SystemTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // The test makes the program misuse the interface `count` times more.
  void expect_misuse(unsigned count) { misuses_expected_ += count; }

  // The test may misuse it as often as it likes.
  void allow_misuse() { misuse_allowed_ = true; }

  // Runs `body` in a forked child and returns its status as waitpid gives it. A failed expectation
  // in the child fails the test. A child that hangs is killed by SIGALRM.
  // Context: the test has no other threads.
  int in_child(const std::function<void()>& body);

 private:
  std::optional<Watchdog> watchdog_;
  LiveObjects live_before_;
  unsigned misuses_before_ = 0;
  unsigned misuses_expected_ = 0;
  bool misuse_allowed_ = false;
};

class DeviceTest : public SystemTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Closes the file before the test's end.
  void close_device();

  int fd_ = -1;
  int list_ = 0;
};

}  // namespace ums::test
