// SPDX-License-Identifier: Apache-2.0
//
// Files with a driver of the test's own, whose release takes as long as the test wants.
#include "sim_kernel/parallel/descriptor_table.h"

#include <fcntl.h>
#include <sched.h>

#include <atomic>

#include "support/system_test.h"

namespace ums::test {
namespace {

using kernel::current_task;
using kernel::File;
using kernel::file_close;
using kernel::file_open;
using kernel::FileOperations;
using kernel::IoctlArg;
using kernel::OpenFor;
using kernel::Result;
using kernel::Task;

std::atomic<bool> releasing;
std::atomic<bool> release_may_end;

// Keeps something for its opener until the release.
Result<void> open_for_opener(File& file, Task& opener, int /*flags*/) {
  opener.module_roles.fetch_add(1);
  file.private_data = &opener;
  return {};
}

Result<void> no_ioctl(File& /*file*/, Task& /*me*/, std::uint32_t /*request*/, IoctlArg /*arg*/) {
  return kernel::Error{ENOTTY};
}

void release_slowly(File& file) {
  releasing = true;
  wait_until([] { return release_may_end.load(); });
  static_cast<Task*>(file.private_data)->module_roles.fetch_sub(1);
}

void no_task_exit(File& /*file*/, Task& /*me*/) {}

constexpr FileOperations kSlow = {open_for_opener, no_ioctl, release_slowly, no_task_exit};

using Files = SystemTest;

// The release of a file looks at the tasks that have roles in it. One of them may be ending.
TEST_F(Files, ATaskIsThereUntilAReleaseHasLetGoOfIt) {
  releasing = release_may_end = false;
  std::atomic<int> fd{-1};
  Thread opener([&] {
    fd = file_open(kSlow, *current_task(), O_RDONLY, OpenFor::kProgram).value();
    wait_until([] { return releasing.load(); });
  });
  const pid_t tid = opener.tid();
  wait_until([&] { return fd >= 0; });
  Thread closer([&] { EXPECT_TRUE(file_close(fd).ok()); });
  wait_until([&] { return opener.finished(); });
  constexpr int kLooks = 10'000;  // enough for its destructors to run
  for (int i = 0; i < kLooks && task_exists(tid); ++i) sched_yield();
  EXPECT_TRUE(task_exists(tid));
  release_may_end = true;
  opener.join();
  EXPECT_FALSE(task_exists(tid));
}

}  // namespace
}  // namespace ums::test
