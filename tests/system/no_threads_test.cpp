// SPDX-License-Identifier: Apache-2.0
//
// The kernel in a program's process starts no thread: not for itself, and not to show its state to
// others.
#include <unistd.h>

#include <filesystem>
#include <iterator>

#include "support/emulator.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

long threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

using NoThreads = DeviceTest;

TEST_F(NoThreads, AreTheKernelS) {
  SKIP_UNDER_EMULATOR("it has threads of its own");
#if UMS_SANITIZE_THREAD
  GTEST_SKIP() << "ThreadSanitizer starts one";
#endif
  constexpr long kOurs = 2;  // this one and the watchdog
  EXPECT_EQ(threads(), kOurs) << "the device is open";
  {
    Worker worker(fd_, list_, [this] { EXPECT_EQ(yield(fd_), 0); });
    EXPECT_EQ(threads(), kOurs + 1) << "a worker is suspended";
    become_scheduler(fd_, list_);
    run_workers(fd_, list_, 1);
  }
  wait_until([] { return threads() == kOurs; });  // a joined thread may be on its way
  close_device();
  EXPECT_EQ(threads(), kOurs) << "the device is closed";
}

}  // namespace
}  // namespace ums::test
