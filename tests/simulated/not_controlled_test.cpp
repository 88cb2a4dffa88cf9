// SPDX-License-Identifier: Apache-2.0
//
// Calls that a simulation does not control are named, once.
#include "ums_api/simulated/not_controlled.h"

#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

int count_of(const std::string& text, const std::string& word) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(NotControlled, IsNamedOnce) {
  testing::internal::CaptureStderr();
  expect_right([] {
    run_beside([] { close(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)); });
    std::uint32_t word = 0;
    syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 0L, &word, 0);
  });
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(count_of(said, "timerfd_create is not controlled by the simulation"), 1) << said;
  EXPECT_EQ(count_of(said, "futex by syscall(2)"), 1) << said;
}

TEST(NotControlled, IsNotNamedOutsideOfASimulation) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(semop(-1, nullptr, 0), -1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace ums::test
