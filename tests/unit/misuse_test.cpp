// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/debug/misuse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/base/printk.h"

namespace {

using namespace ums::kernel;
using testing::EndsWith;
using testing::ExitedWithCode;
using testing::KilledBySignal;

TEST(Misuse, IsLoggedAsAWarningAndCounted) {
  static constinit Misuse kind{"corrupts memory", "do not"};
  const unsigned before = misuse_count();
  const std::uint64_t first = printk_next_sequence();
  errno = 1234;
  report_misuse(kind, "EXEC of worker {} by thread {}", 7, 3);
  EXPECT_EQ(errno, 1234);
  EXPECT_EQ(misuse_count(), before + 1);
  EXPECT_EQ(kind.count(), 1U);
  LogRecord record;
  ASSERT_TRUE(printk_copy(first, record));
  EXPECT_EQ(record.level, LogLevel::kWarning);
  EXPECT_EQ(record.text(),
            "misuse: EXEC of worker 7 by thread 3\n"
            "  the real module: corrupts memory\n"
            "  instead: do not");
}

TEST(Misuse, OneKindIsPrintedSeveralTimesAndThenCounted) {
  static constinit Misuse often{"hangs", "stop"};
  static constinit Misuse once{"oops", "stop"};
  const std::uint64_t first = printk_next_sequence();
  for (unsigned i = 0; i < kMisuseReportsMax + 10; ++i) report_misuse(often, "number {}", i);
  EXPECT_EQ(often.count(), kMisuseReportsMax + 10);
  EXPECT_EQ(printk_next_sequence(), first + kMisuseReportsMax);
  LogRecord record;
  ASSERT_TRUE(printk_copy(first + kMisuseReportsMax - 1, record));
  EXPECT_THAT(std::string(record.text()), EndsWith("counted only)"));
  report_misuse(once, "another kind is printed");
  EXPECT_EQ(printk_next_sequence(), first + kMisuseReportsMax + 1);
}

void report_with_strict(const char* value) {
  static constinit Misuse kind{"drops somebody else's reference", "delete a list once"};
  setenv("UMS_STRICT", value, 1);
  misuse_init();
  report_misuse(kind, "DELETE of list {}", 3);
  _exit(0);
}

TEST(MisuseDeathTest, StrictAbortsAtTheFirst) {
  EXPECT_EXIT(report_with_strict("1"), KilledBySignal(SIGABRT),
              "^ums: misuse: DELETE of list 3\n"
              "ums:   the real module: drops somebody else's reference\n"
              "ums:   instead: delete a list once\n"
              "ums:   UMS_STRICT is set: the program is aborted\n");
}

TEST(MisuseDeathTest, StrictIsOnByAnyOtherValue) {
  EXPECT_EXIT(report_with_strict("yes"), KilledBySignal(SIGABRT), "the program is aborted");
  EXPECT_EXIT(report_with_strict("00"), KilledBySignal(SIGABRT), "the program is aborted");
}

TEST(MisuseDeathTest, StrictIsOffByZeroAndEmpty) {
  EXPECT_EXIT(report_with_strict("0"), ExitedWithCode(0), "misuse: DELETE of list 3");
  EXPECT_EXIT(report_with_strict(""), ExitedWithCode(0), "misuse: DELETE of list 3");
}

}  // namespace
