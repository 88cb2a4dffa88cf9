// SPDX-License-Identifier: Apache-2.0
//
// The emulator: where the tests are compiled for another machine, ctest runs them under one, and
// gives its command in UMS_TEST_EMULATOR.
//
//     run(command_of_this_program());           // a test that starts its own program
//     SKIP_UNDER_EMULATOR("it ignores RLIMIT_AS");
//
// What is skipped is what the emulator cannot do, never what the tested code cannot. Nothing is
// skipped on a real machine.
//
// Thread safety: any thread.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ums::test {

// Whether the test runs under an emulator.
bool emulated();

// The words that start this program: the emulator's, if there is one, and the program's file.
std::vector<std::string> command_of_this_program();

// Skips the test if it runs under an emulator. `reason` says what the emulator does.
#define SKIP_UNDER_EMULATOR(reason) \
  if (::ums::test::emulated()) GTEST_SKIP() << "emulator: " reason

}  // namespace ums::test
