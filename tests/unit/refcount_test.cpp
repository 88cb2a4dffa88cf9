// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/lib/refcount.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <climits>
#include <string>

#include "sim_kernel/base/printk.h"
#include "support/threads.h"

namespace ums::kernel {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What `body` writes to the kernel log, by its copy on standard error.
template <typename Body>
std::string log_of(Body body) {
  ::testing::internal::CaptureStderr();
  body();
  return ::testing::internal::GetCapturedStderr();
}

TEST(RefcountTest, CountsUpAndDown) {
  Refcount count;
  EXPECT_EQ(count.read(), 1);
  count.inc();
  EXPECT_TRUE(count.inc_not_zero());
  EXPECT_EQ(count.read(), 3);
  EXPECT_FALSE(count.dec_and_test());
  EXPECT_FALSE(count.dec_and_test());
  EXPECT_TRUE(count.dec_and_test());
  EXPECT_EQ(count.read(), 0);
}

// Guarantee 2.
TEST(RefcountTest, IncNotZeroRevivesNothing) {
  Refcount count;
  EXPECT_TRUE(count.dec_and_test());
  EXPECT_THAT(log_of([&] { EXPECT_FALSE(count.inc_not_zero()); }), IsEmpty());
  EXPECT_EQ(count.read(), 0);
}

// Guarantee 3, for a count that something broken took to `start`.
void expect_stays_saturated(Refcount& count) {
  EXPECT_EQ(count.read(), Refcount::kSaturated);
  EXPECT_TRUE(count.inc_not_zero());
  EXPECT_EQ(count.read(), Refcount::kSaturated);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(count.dec_and_test());
    EXPECT_EQ(count.read(), Refcount::kSaturated);
    count.inc();
    EXPECT_EQ(count.read(), Refcount::kSaturated);
  }
}

TEST(RefcountTest, IncFromZeroSaturates) {
  Refcount count(0);
  EXPECT_THAT(log_of([&] { count.inc(); }),
              HasSubstr("refcount_t: addition on 0; use-after-free."));
  log_of([&] { expect_stays_saturated(count); });
}

TEST(RefcountTest, IncOfTheMaximumSaturates) {
  Refcount count(INT_MAX);
  EXPECT_THAT(log_of([&] { count.inc(); }), HasSubstr("refcount_t: saturated; leaking memory."));
  log_of([&] { expect_stays_saturated(count); });
}

TEST(RefcountTest, IncNotZeroOfTheMaximumSaturates) {
  Refcount count(INT_MAX);
  EXPECT_THAT(log_of([&] { EXPECT_TRUE(count.inc_not_zero()); }),
              HasSubstr("refcount_t: saturated; leaking memory."));
  log_of([&] { expect_stays_saturated(count); });
}

TEST(RefcountTest, DecFromZeroSaturates) {
  Refcount count(0);
  EXPECT_THAT(log_of([&] { EXPECT_FALSE(count.dec_and_test()); }),
              HasSubstr("refcount_t: underflow; use-after-free."));
  log_of([&] { expect_stays_saturated(count); });
}

TEST(RefcountTest, TheMaximumItselfIsACount) {
  Refcount count(INT_MAX - 1);
  EXPECT_THAT(log_of([&] { count.inc(); }), IsEmpty());
  EXPECT_EQ(count.read(), INT_MAX);
  EXPECT_THAT(log_of([&] { EXPECT_FALSE(count.dec_and_test()); }), IsEmpty());
}

// Guarantee 1, and the order of the last drop: the plain value holds what every thread wrote.
TEST(RefcountTest, OneThreadDropsTheLastReference) {
  constexpr int kThreads = 4, kRounds = 500;
  for (int round = 0; round < kRounds; ++round) {
    Refcount count(kThreads);
    int written[kThreads] = {};
    std::atomic<int> last{0};
    test::run_threads(kThreads, [&](int thread) {
      EXPECT_TRUE(count.inc_not_zero());
      EXPECT_FALSE(count.dec_and_test());
      written[thread] = 1;
      if (!count.dec_and_test()) return;
      ++last;
      for (const int value : written) EXPECT_EQ(value, 1);
    });
    ASSERT_EQ(last, 1);
  }
}

}  // namespace
}  // namespace ums::kernel
