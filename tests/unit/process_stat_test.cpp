// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/base/process_stat.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support/emulator.h"

namespace ums::kernel {
namespace {

TEST(ProcessStat, FieldsAreNumberedAsInTheManual) {
  SKIP_UNDER_EMULATOR("its /proc/self/stat has few fields");
  char before[16];
  ASSERT_EQ(prctl(PR_GET_NAME, before), 0);
  for (const char* const name : {"plain", "9) R 9 9 (9)", ""}) {
    ASSERT_EQ(prctl(PR_SET_NAME, name), 0);
    const ProcessStat stat(getpid());
    ASSERT_TRUE(stat.ok()) << name;
    EXPECT_EQ(stat.number(4), static_cast<std::uint64_t>(getppid())) << name;
    EXPECT_EQ(stat.number(5), static_cast<std::uint64_t>(getpgrp())) << name;
    EXPECT_GT(stat.number(22), 0U) << "it was started after the boot";
    EXPECT_EQ(stat.number(1000), 0U);
  }
  ASSERT_EQ(prctl(PR_SET_NAME, before), 0);
}

TEST(ProcessStat, OfNoProcessIsNothing) {
  const ProcessStat stat(0);
  EXPECT_FALSE(stat.ok());
  EXPECT_EQ(stat.number(4), 0U);
}

}  // namespace
}  // namespace ums::kernel
