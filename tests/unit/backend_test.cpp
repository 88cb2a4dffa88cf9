// SPDX-License-Identifier: Apache-2.0
//
// UMS_BACKEND and UMS_QUIET.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <ums.h>
#include <ums/ums_proc.h>
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

// Exits with 0 if the functions of ums_proc.h show what Linux has.
[[noreturn]] void read_procs_of_linux() {
  ums_proc_file_t* const file = ums_proc_open("/proc/self/comm", O_RDONLY);
  char text[64];
  const bool is_read = file != nullptr && ums_proc_read(file, text, sizeof text) > 0 &&
                       ums_proc_pread(file, text, sizeof text, 0) > 0 && ums_proc_close(file) == 0;
  ums_proc_file_t* const folder = ums_proc_open("/proc/self/fd", O_RDONLY);
  dirent entry;
  const bool is_listed =
      folder != nullptr && ums_proc_readdir(folder, &entry) == 1 && ums_proc_close(folder) == 0;
  struct stat status {};
  const bool is_shown = ums_proc_stat("/proc/self", &status) == 0 && S_ISDIR(status.st_mode) &&
                        ums_proc_lstat("/proc/self", &status) == 0 && S_ISLNK(status.st_mode) &&
                        ums_proc_readlink("/proc/self", text, sizeof text) > 0;
  std::exit(is_read && is_listed && is_shown ? 0 : 1);
}

TEST_F(UmsBackend, DeviceLeavesProcToLinux) {
  setenv("UMS_BACKEND", "device", 1);
  EXPECT_EXIT(read_procs_of_linux(), testing::ExitedWithCode(0), "");
}

TEST_F(UmsBackend, UnknownValuesReadNothingOfProc) {
  setenv("UMS_BACKEND", "simulation", 1);
  EXPECT_EXIT(
      {
        errno = 0;
        std::exit(ums_proc_open("/proc/ums", O_RDONLY) == nullptr ? errno : 0);
      },
      testing::ExitedWithCode(EINVAL), "");
}

}  // namespace
