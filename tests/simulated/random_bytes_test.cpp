// SPDX-License-Identifier: Apache-2.0
//
// Random bytes of a simulation are the same in each execution, and not of another kind.
#include <gtest/gtest.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <set>

#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

std::array<std::uint64_t, 4> some_bytes() {
  std::array<std::uint64_t, 4> bytes{};
  EXPECT_EQ(getrandom(bytes.data(), 15, 0), 15);
  EXPECT_EQ(getentropy(&bytes[2], 8), 0);
  EXPECT_EQ(syscall(SYS_getrandom, &bytes[3], 8, 0), 8);
  return bytes;
}

TEST(RandomBytes, AreTheSameInEachExecution) {
  std::set<std::array<std::uint64_t, 4>> seen;
  expect_right([&seen] { run_beside([&seen] { seen.insert(some_bytes()); }); });
  ASSERT_EQ(seen.size(), 1U);
  const std::array<std::uint64_t, 4> bytes = *seen.begin();
  EXPECT_EQ(std::set<std::uint64_t>(bytes.begin(), bytes.end()).size(), 4U);
  EXPECT_EQ(bytes[1] >> 56, 0U) << "no more than were asked for";
  EXPECT_NE(some_bytes(), bytes) << "outside of a simulation";
}

}  // namespace
}  // namespace ums::test
