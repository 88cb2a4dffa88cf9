// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/open_description.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace ums::test {
namespace {

class OpenDescriptionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    signal(SIGPIPE, SIG_IGN);
    ASSERT_EQ(pipe(ends_), 0);
    description_.remember(ends_[0]);
    if (!description_.is(gettid(), ends_[0])) GTEST_SKIP() << "kcmp(2) is not allowed here";
  }
  void TearDown() override {
    close(ends_[0]);
    close(ends_[1]);
  }

  int ends_[2] = {-1, -1};
  kernel::OpenDescription description_;
};

TEST_F(OpenDescriptionTest, IsKnownByAnyDescriptorOfIt) {
  const int copy = dup(ends_[0]);
  EXPECT_TRUE(description_.is(gettid(), copy));
  close(copy);
  EXPECT_FALSE(description_.is(gettid(), copy)) << "there is no such descriptor";
  EXPECT_FALSE(description_.is(gettid(), ends_[1])) << "of the same pipe, but another";
}

TEST_F(OpenDescriptionTest, IsKnownInAnotherProcess) {
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  EXPECT_TRUE(description_.is(child, ends_[0]));
  EXPECT_FALSE(description_.is(child, ends_[1]));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(description_.is(child, ends_[0])) << "the process is gone";
}

TEST_F(OpenDescriptionTest, IsNotKeptOpenAndNotTakenForItsSuccessor) {
  const int number = ends_[0];
  close(ends_[0]);
  EXPECT_EQ(write(ends_[1], "", 1), -1) << "nobody reads";
  EXPECT_FALSE(description_.is(gettid(), number));
  close(ends_[1]);
  ASSERT_EQ(pipe(ends_), 0);
  EXPECT_EQ(ends_[0], number);
  EXPECT_FALSE(description_.is(gettid(), number));
}

TEST_F(OpenDescriptionTest, ForgetsWhenTold) {
  description_.forget();
  EXPECT_FALSE(description_.is(gettid(), ends_[0]));
}

}  // namespace
}  // namespace ums::test
