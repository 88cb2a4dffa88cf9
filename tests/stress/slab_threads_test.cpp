// SPDX-License-Identifier: Apache-2.0
//
// Threads allocate from one cache, write their mark all over what they get, and pass half of it to
// the next thread, which frees it: an object given to two of them at once loses a mark.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <random>
#include <vector>

#include "sim_kernel/mm/slab.h"
#include "support/seed.h"
#include "support/threads.h"

namespace {

using namespace ums::kernel;

constexpr unsigned kThreads = 4;
constexpr int kSteps = 100'000;

struct Block {
  explicit Block(std::uint64_t mark) noexcept { words.fill(mark); }

  bool intact() const {
    return std::all_of(words.begin(), words.end(), [&](auto word) { return word == words[0]; });
  }

  std::array<std::uint64_t, 9> words;
};

constinit ObjectCache<Block> blocks{"block"};
std::atomic<Block*> mailboxes[kThreads];

void destroy_intact(Block* block) {
  if (block == nullptr) return;
  EXPECT_TRUE(block->intact());
  blocks.destroy(block);
}

void allocate_and_pass(unsigned self, std::uint64_t seed) {
  std::mt19937_64 random(seed + self);
  std::vector<Block*> mine;
  for (int step = 0; step < kSteps; ++step) {
    if (mine.size() < 50 && random() % 2 == 0) {
      mine.push_back(blocks.create(std::uint64_t{self} << 32 | static_cast<unsigned>(step)));
    } else if (!mine.empty()) {
      std::swap(mine[random() % mine.size()], mine.back());
      Block* const block = mine.back();
      mine.pop_back();
      EXPECT_EQ(block->words[0] >> 32, self);
      const unsigned next = (self + 1) % kThreads;
      destroy_intact(step % 2 == 0 ? block : mailboxes[next].exchange(block));
    }
  }
  for (Block* block : mine) destroy_intact(block);
}

TEST(SlabStress, NoObjectHasTwoOwners) {
  const std::uint64_t seed = ums::test::test_seed();
  ums::test::run_threads(
      kThreads, [seed](int thread) { allocate_and_pass(static_cast<unsigned>(thread), seed); });
  for (std::atomic<Block*>& mailbox : mailboxes) destroy_intact(mailbox.exchange(nullptr));
  EXPECT_EQ(blocks.live(), 0U);
}

}  // namespace
