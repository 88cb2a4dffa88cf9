// SPDX-License-Identifier: Apache-2.0
#include "support/system_test.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#if UMS_SANITIZE_THREAD
// Some tests fork with other threads about, and the child has threads of its own.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }
#endif

namespace ums::test {

namespace {

constexpr int kLastLooks = 1000;

constexpr unsigned kChildSeconds = 100;

}  // namespace

void SystemTest::SetUp() {
  watchdog_.emplace();
  // The library's unused file makes room now, and this thread's Task is made, so that neither is a
  // difference later.
  dev_close(dev_open());
  live_before_ = live_objects();
  misuses_before_ = misuse_count();
}

void SystemTest::TearDown() {
  // A detached thread may be freeing the last of its objects still.
  for (int i = 0; i < kLastLooks && live_objects() != live_before_; ++i) sched_yield();
  EXPECT_EQ(live_objects(), live_before_);
  EXPECT_FALSE(any_lock_held());
  const unsigned misuses = misuse_count() - misuses_before_;
  EXPECT_TRUE(misuse_allowed_ || misuses == misuses_expected_)
      << misuses << " reports of misuse, expected " << misuses_expected_;
  watchdog_.reset();
}

int SystemTest::in_child(const std::function<void()>& body) {
  watchdog_.reset();  // ThreadSanitizer wants to see a single thread fork
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    forget_thread_id();
    alarm(kChildSeconds);
    body();
    std::fflush(nullptr);
    _exit(HasFailure() ? 1 : 0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  watchdog_.emplace();
  return status;
}

void DeviceTest::SetUp() {
  SystemTest::SetUp();
  fd_ = dev_open();
  ASSERT_GE(fd_, 0);
  list_ = create_list(fd_);
  ASSERT_EQ(list_, 1);
}

void DeviceTest::TearDown() {
  close_device();
  SystemTest::TearDown();
}

void DeviceTest::close_device() {
  if (fd_ < 0) return;
  EXPECT_EQ(dev_close(fd_), 0);
  fd_ = -1;
}

}  // namespace ums::test
