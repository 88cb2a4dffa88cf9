// SPDX-License-Identifier: Apache-2.0
//
// Replay strings: what is printed is read again, and what has been changed on the way is refused.
#include "tools/ums/explore/replay_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

using testing::HasSubstr;
using ums::command::CpuChoice;
using ums::command::ReplayString;

// Why it is refused; empty: it is not.
std::string refusal(const std::string& text) {
  try {
    static_cast<void>(ReplayString::parse(text));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

std::string example() {
  return ReplayString{"9c3f2a10", "3.2,1.~70", 5000, CpuChoice{4, "lock = 12"}}.text();
}

TEST(ReplayString, IsReadAsItWasWritten) {
  const ReplayString read = ReplayString::parse(example());
  EXPECT_EQ(read.program, "9c3f2a10");
  EXPECT_EQ(read.schedule, "3.2,1.~70");
  EXPECT_EQ(read.steps_max, 5000);
  EXPECT_EQ(read.cpus.count, 4);
  EXPECT_EQ(read.text(), example());
}

TEST(ReplayString, MayHoldNoTurns) {
  const ReplayString read = ReplayString::parse(ReplayString{"9c3f2a10", "", 0, {}}.text());
  EXPECT_EQ(read.schedule, "");
  EXPECT_EQ(read.steps_max, 0);
  EXPECT_EQ(read.cpus.count, 0);
}

TEST(ReplayString, IsRefusedWhenItIsCut) {
  const std::string whole = example();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(refusal(whole.substr(0, length)), "") << length;
  }
  EXPECT_THAT(refusal(whole.substr(0, 20)), HasSubstr("the schedule is damaged or cut"));
}

TEST(ReplayString, IsRefusedWhenABitHasChanged) {
  for (std::size_t bit = 0; bit < 7 * example().size(); ++bit) {
    std::string changed = example();
    changed[bit / 7] = static_cast<char>(changed[bit / 7] ^ 1 << bit % 7);
    EXPECT_NE(refusal(changed), "") << changed;
  }
}

TEST(ReplayString, OfAnotherVersionIsNamed) {
  EXPECT_THAT(refusal("1:9c3f2a10:3.2,1.0"), HasSubstr("is of version 1 of the simulated machine"));
}

}  // namespace
