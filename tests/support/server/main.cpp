// SPDX-License-Identifier: Apache-2.0
//
// main of the system tests under a kernel process: this process becomes it, and the tests run in a
// child that executes the program again: its libraries find the device, and its system calls come
// here.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "support/server/kernel_window.h"
#include "support/server/served.h"

namespace {

constexpr char kKernelProcess[] = "UMS_TEST_KERNEL_PROCESS";

int serve(const std::vector<char*>& words) {
  const std::string kernel_process = std::to_string(getpid());
  const int status = ums::test::served([&] {
    setenv(kKernelProcess, kernel_process.c_str(), 1);
    setenv("UMS_BACKEND", "device", 1);
    execv("/proc/self/exe", words.data());
    std::perror("the tests cannot be executed");
    std::exit(1);
  });
  if (!WIFEXITED(status)) {
    std::fprintf(stderr, "the tests ended by signal %d\n", WTERMSIG(status));
    return 1;
  }
  return WEXITSTATUS(status);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<char*> words(argv, argv + argc + 1);  // InitGoogleTest takes its own away
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  const char* const kernel_process = std::getenv(kKernelProcess);
  if (kernel_process == nullptr) return serve(words);
  ums::test::use_kernel_window(static_cast<pid_t>(std::strtol(kernel_process, nullptr, 10)));
  return RUN_ALL_TESTS();
}
