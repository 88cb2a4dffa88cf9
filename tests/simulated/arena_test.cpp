// SPDX-License-Identifier: Apache-2.0
//
// The memory of an exploration lasts for any number of executions.
#include "ums_api/explore/arena.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace ums::test {
namespace {

using explore::arena_allocate;
using explore::arena_free;

TEST(Arena, UsesFreeBlocksAgain) {
  for (const std::size_t bytes : {std::size_t{24}, std::size_t{100'000}, std::size_t{50} << 20}) {
    for (int i = 0; i < 1000; ++i) {
      auto* const memory = static_cast<char*>(arena_allocate(bytes, 16));
      memory[0] = memory[bytes - 1] = 1;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 16, 0U);
      arena_free(memory, bytes, 16);
    }
  }
}

TEST(ArenaDeathTest, WithoutMemoryItSaysWhatToDo) {
  EXPECT_EXIT(arena_allocate(std::size_t{2} << 30, 16), testing::ExitedWithCode(125), "--steps");
}

}  // namespace
}  // namespace ums::test
