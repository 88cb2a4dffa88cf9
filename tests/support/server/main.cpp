// SPDX-License-Identifier: Apache-2.0
//
// main of the system tests under a kernel process: this process becomes it, and the tests run in a
// child whose system calls come here.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "sim_kernel/server/kernel_loop.h"
#include "support/server/kernel_window.h"
#include "support/server/served.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  const int status = ums::test::served([] { std::exit(RUN_ALL_TESTS()); });
  if (!WIFEXITED(status)) {
    std::fprintf(stderr, "the tests ended by signal %d\n", WTERMSIG(status));
    return 1;
  }
  return WEXITSTATUS(status);
}
