// SPDX-License-Identifier: Apache-2.0
//
// Files of stdio that a thread of a simulation locks, and that others use.
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

// What others print comes before or after what one prints in a locked file.
void expect_whole(const std::function<void(FILE*)>& print) {
  expect_right([&] {
    char* text = nullptr;
    std::size_t size = 0;
    FILE* const file = open_memstream(&text, &size);
    run_beside(
        [=] {
          flockfile(file);
          for (int i = 0; i < 3; ++i) {
            fputs("a", file);
            sched_yield();
          }
          funlockfile(file);
        },
        [&] { print(file); });
    fclose(file);
    const std::string printed(text, size);
    EXPECT_TRUE(printed == "aaab" || printed == "baaa") << printed;
    std::free(text);
  });
}

TEST(Stdio, WhoPrintsWaitsForALockedFile) {
  expect_whole([](FILE* file) { fputs("b", file); });
  expect_whole([](FILE* file) { fprintf(file, "%c", 'b'); });
  expect_whole([](FILE* file) { fputc('b', file); });
  expect_whole([](FILE* file) { putc('b', file); });
  expect_whole([](FILE* file) { EXPECT_EQ(fwrite("b", 1, 1, file), 1U); });
}

TEST(Stdio, LocksNest) {
  expect_whole([](FILE* file) {
    flockfile(file);
    flockfile(file);
    sched_yield();
    fputs("b", file);
    funlockfile(file);
    funlockfile(file);
  });
}

TEST(Stdio, TryingALockedFileFails) {
  expect_right([] {
    FILE* const file = std::tmpfile();
    flockfile(file);
    run_beside([=] { EXPECT_NE(ftrylockfile(file), 0); });
    funlockfile(file);
    run_beside([=] {
      EXPECT_EQ(ftrylockfile(file), 0);
      funlockfile(file);
    });
    std::fclose(file);
  });
}

TEST(Stdio, WhoReadsLetsOthersWrite) {
  expect_right([] {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    FILE* const file = fdopen(ends[0], "r");
    std::string come;
    run_beside(
        [&] {
          char line[16];
          int number = 0;
          EXPECT_EQ(std::fgetc(file), 'x');
          EXPECT_NE(std::fgets(line, sizeof line, file), nullptr);
          EXPECT_EQ(std::string(line), "yz\n");
          EXPECT_EQ(std::fscanf(file, "%d", &number), 1);
          EXPECT_EQ(number, 17);
        },
        [&] {
          EXPECT_EQ(write(ends[1], "x", 1), 1);
          EXPECT_EQ(write(ends[1], "yz\n", 3), 3);
          EXPECT_EQ(write(ends[1], "17\n", 3), 3);
        });
    std::fclose(file);
    close(ends[1]);
  });
}

}  // namespace
}  // namespace ums::test
