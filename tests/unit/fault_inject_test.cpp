// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/mm/fault_inject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/fiber/continuation.h"
#include "sim_kernel/mm/kvmalloc.h"

namespace {

using namespace ums::kernel;

TEST(FaultInject, OffNothingFails) {
  const unsigned before = fault_inject_failures();
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(fault_inject_should_fail("site"));
  EXPECT_FALSE(fault_inject_disarm());
  EXPECT_EQ(fault_inject_failures(), before);
}

TEST(FaultInject, TheNthSiteFailsAndNoOther) {
  for (unsigned n = 1; n <= 5; ++n) {
    const unsigned before = fault_inject_failures();
    fault_inject_fail_nth(n);
    for (unsigned site = 1; site <= 10; ++site) {
      EXPECT_EQ(fault_inject_should_fail("site"), site == n) << site << " of " << n;
    }
    EXPECT_TRUE(fault_inject_disarm());
    EXPECT_FALSE(fault_inject_disarm());
    EXPECT_EQ(fault_inject_failures(), before + 1);
  }
}

TEST(FaultInject, FewerSitesThanNIsToldFromAFailure) {
  fault_inject_fail_nth(3);
  EXPECT_FALSE(fault_inject_should_fail("site"));
  EXPECT_FALSE(fault_inject_disarm());
}

TEST(FaultInject, OtherThreadsAreLeftAlone) {
  fault_inject_fail_nth(1);
  std::thread([] { EXPECT_FALSE(fault_inject_should_fail("site")); }).join();
  EXPECT_TRUE(fault_inject_should_fail("site"));
  EXPECT_TRUE(fault_inject_disarm());
}

void reach_a_site(Continuation from, void* failed) {
  *static_cast<bool*>(failed) = fault_inject_should_fail("site");
  std::move(from).resume();
  __builtin_unreachable();
}

TEST(FaultInject, OtherStacksAreLeftAlone) {
  alignas(256) static unsigned char stack[32 * 1024];
  bool failed = true;
  fault_inject_fail_nth(1);
  Continuation::on_stack(stack, sizeof stack, reach_a_site, &failed).resume();
  EXPECT_FALSE(failed);
  EXPECT_FALSE(fault_inject_disarm());
}

TEST(FaultInject, IsLoggedAsLinuxDoes) {
  const std::uint64_t first = printk_next_sequence();
  fault_inject_fail_nth(1);
  EXPECT_TRUE(fault_inject_should_fail("some_cache"));
  fault_inject_disarm();
  LogRecord record;
  ASSERT_TRUE(printk_copy(first, record));
  EXPECT_EQ(record.text(),
            "FAULT_INJECTION: forcing a failure.\n"
            "name failslab, interval 1, probability 0, space 0, times 0\n"
            "allocation of some_cache");
}

TEST(Kvmalloc, CountsWhatIsNotFreed) {
  const std::size_t before = kvmalloc_live();
  void* const small = kvmalloc(1);
  void* const none = kvmalloc(0);
  ASSERT_NE(small, nullptr);
  ASSERT_NE(none, nullptr);
  EXPECT_EQ(kvmalloc_live(), before + 2);
  kvfree(small);
  kvfree(none);
  kvfree(nullptr);
  EXPECT_EQ(kvmalloc_live(), before);
}

TEST(Kvmalloc, FaultInjectionIsNoMemory) {
  const std::size_t before = kvmalloc_live();
  fault_inject_fail_nth(1);
  EXPECT_EQ(kvmalloc(8), nullptr);
  EXPECT_TRUE(fault_inject_disarm());
  EXPECT_EQ(kvmalloc_live(), before);
}

}  // namespace
