// SPDX-License-Identifier: Apache-2.0
//
// The harness of the system tests notices what it should: each test here runs a disabled one of
// this program, which does something wrong, and looks at what the fixture says of it.
#include <gmock/gmock.h>

#include <cstdio>
#include <string>

#include "support/emulator.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

using ::testing::HasSubstr;
using Wrong = DeviceTest;

TEST_F(Wrong, DISABLED_Hangs) {
  become_scheduler(fd_, list_);
  dequeue(fd_, list_);
}
TEST_F(Wrong, DISABLED_LeavesAFileOpen) { EXPECT_GE(dev_open_elsewhere(), 0); }
TEST_F(Wrong, DISABLED_MisusesUnexpectedly) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  EXPECT_EQ(delete_list(fd_, list_), 0);
  EXPECT_LT(delete_list(fd_, list_), 0);
}
TEST_F(Wrong, DISABLED_DoesNotMisuseAsExpected) { expect_misuse(1); }
TEST_F(Wrong, DISABLED_ChildFails) {
  EXPECT_EQ(in_child([] { EXPECT_EQ(1, 2); }), 0);
}

// What the disabled test `name` prints, and its exit status in a shell. The watchdog bites soon
// where it shall; elsewhere a busy machine must not wake it.
std::string output_of(const std::string& name, int watchdog_seconds = 60) {
  std::string command = "UMS_TEST_WATCHDOG_SECONDS=" + std::to_string(watchdog_seconds);
  for (const std::string& word : command_of_this_program()) command += " '" + word + "'";
  command += " --gtest_also_run_disabled_tests --gtest_filter=Wrong.DISABLED_" + name +
             " 2>&1; echo \"status $?\"";
  std::FILE* const pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string output;
  char line[512];
  while (std::fgets(line, sizeof line, pipe) != nullptr) output += line;
  pclose(pipe);
  return output;
}

TEST(Harness, NoticesAHang) {
  SKIP_IN_SERVER("no second listener: a program of it cannot be another one");
  const std::string output = output_of("Hangs", 1);
  EXPECT_THAT(output, HasSubstr("watchdog: Wrong.DISABLED_Hangs hangs"));
  EXPECT_THAT(output, HasSubstr("in DEQUEUE"));
  EXPECT_THAT(output, HasSubstr("is interruptible"));
  EXPECT_THAT(output, HasSubstr("status 134")) << "aborted";
}

TEST(Harness, NoticesAFileLeftOpen) {
  SKIP_IN_SERVER("no second listener: a program of it cannot be another one");
  const std::string output = output_of("LeavesAFileOpen");
  EXPECT_THAT(output, HasSubstr("\"ums_data\""));
  EXPECT_THAT(output, HasSubstr("status 1"));
}

TEST(Harness, NoticesUnexpectedMisuse) {
  SKIP_IN_SERVER("no second listener: a program of it cannot be another one");
  const std::string output = output_of("MisusesUnexpectedly");
  EXPECT_THAT(output, HasSubstr("1 reports of misuse, expected 0"));
  EXPECT_THAT(output, HasSubstr("status 1"));
}

TEST(Harness, NoticesMissingMisuse) {
  SKIP_IN_SERVER("no second listener: a program of it cannot be another one");
  EXPECT_THAT(output_of("DoesNotMisuseAsExpected"), HasSubstr("0 reports of misuse, expected 1"));
}

TEST(Harness, NoticesAFailureInAChild) {
  SKIP_IN_SERVER("no second listener: a program of it cannot be another one");
  EXPECT_THAT(output_of("ChildFails"), HasSubstr("status 1"));
}

}  // namespace
}  // namespace ums::test
