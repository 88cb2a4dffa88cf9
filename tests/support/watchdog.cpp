// SPDX-License-Identifier: Apache-2.0
#include "support/watchdog.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "support/door.h"
#include "support/kernel_view.h"

namespace ums::test {

namespace {

std::chrono::seconds patience() {
  const char* const given = std::getenv("UMS_TEST_WATCHDOG_SECONDS");
  return std::chrono::seconds(given == nullptr ? 120 : std::atoi(given));
}

}  // namespace

// A thread inherits the mask of its maker.
Watchdog::Watchdog() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { watch(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard guard(mutex_);
    stopped_ = true;
  }
  stop_.notify_one();
  thread_.join();
}

void Watchdog::watch() {
  std::unique_lock guard(mutex_);
  if (stop_.wait_for(guard, patience(), [this] { return stopped_; })) return;
  const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
  fmt::print(stderr, "watchdog: {}.{} hangs\n", test->test_suite_name(), test->name());
  print_calls_in_flight();
  print_tasks();
  std::abort();
}

}  // namespace ums::test
