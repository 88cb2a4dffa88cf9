// SPDX-License-Identifier: Apache-2.0
//
// UMS_BACKEND and UMS_QUIET.
#include <gtest/gtest.h>
#include <ums.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace {

// The backend is chosen when a process starts: each of these runs in a fresh one.
class UmsBackend : public testing::Test {
 protected:
  UmsBackend() {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    unsetenv("UMS_QUIET");
  }

  // Exits with the errno of the first call.
  [[noreturn]] static void exit_with_errno() {
    ums_completion_list_t list = 0;
    errno = 0;
    create_ums_completion_list(&list);
    std::exit(errno);
  }
};

TEST_F(UmsBackend, UnknownValuesAreReportedAndFail) {
  setenv("UMS_BACKEND", "simulation", 1);
  EXPECT_EXIT(exit_with_errno(), testing::ExitedWithCode(EINVAL),
              "'simulation', which is none of sim, device and auto");
}

TEST_F(UmsBackend, DeviceWithoutDeviceFails) {
  if (access("/dev/ums", F_OK) == 0) GTEST_SKIP() << "there is a /dev/ums";
  setenv("UMS_BACKEND", "device", 1);
  EXPECT_EXIT(exit_with_errno(), testing::ExitedWithCode(ENOENT),
              "/dev/ums cannot be opened: No such file");
}

TEST_F(UmsBackend, AutoFallsBackToTheSimulation) {
  if (access("/dev/ums", F_OK) == 0) GTEST_SKIP() << "there is a /dev/ums";
  unsetenv("UMS_BACKEND");
  EXPECT_EXIT(exit_with_errno(), testing::ExitedWithCode(0), "^ums: the simulated kernel");
}

TEST_F(UmsBackend, QuietSaysNothing) {
  setenv("UMS_BACKEND", "sim", 1);
  for (const char* const on : {"1", "yes", "00"}) {
    setenv("UMS_QUIET", on, 1);
    EXPECT_EXIT(exit_with_errno(), testing::ExitedWithCode(0), "^$") << on;
  }
}

TEST_F(UmsBackend, QuietIsOffByZeroAndEmpty) {
  setenv("UMS_BACKEND", "sim", 1);
  for (const char* const off : {"0", ""}) {
    setenv("UMS_QUIET", off, 1);
    EXPECT_EXIT(exit_with_errno(), testing::ExitedWithCode(0), "^ums: the simulated kernel");
  }
}

}  // namespace
