// SPDX-License-Identifier: Apache-2.0
//
// Lookups while a table grows and shrinks all the time: what is in it must always be found, what is
// not never, and what was taken out stays valid to the end of the read section.
#include "sim_kernel/lib/rhashtable.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <vector>

#include "support/seed.h"
#include "support/threads.h"

namespace ums::kernel {
namespace {

struct Item : RcuHead {
  explicit Item(int k) : key(k) {}
  static void free(RcuHead* head) { delete static_cast<Item*>(head); }

  std::atomic<int> key;  // atomic for the one test that changes it
  RhashNode node;
};

struct ItemTraits {
  using Object = Item;
  using Key = int;
  static constexpr RhashNode Item::*kNode = &Item::node;
  static int key(const Item& item) { return item.key.load(std::memory_order_relaxed); }
  // Long chains: a third of the keys share their hashes with others.
  static std::uint64_t hash(int key) {
    return static_cast<std::uint64_t>(key % 3 == 0 ? key % 8 : key);
  }
};

constexpr int kStayers = 40;                     // keys from 0, in the table throughout
constexpr int kPassers = 600;                    // keys from kStayers, come and go
constexpr int kStrangers = kStayers + kPassers;  // keys from here, never in the table

class RhashtableStressTest : public ::testing::Test {
 protected:
  RhashtableStressTest() : seed_(test::test_seed()) {
    for (int key = 0; key < kStayers; ++key) {
      stayers_.emplace_back(key);
      EXPECT_TRUE(table_.insert(stayers_.back()).ok());
    }
  }
  void TearDown() override {
    EXPECT_EQ(table_.size(), static_cast<std::size_t>(kStayers));
    table_.destroy();
    rcu_barrier();
  }

  std::mt19937_64 random(int thread) const {
    return std::mt19937_64(seed_ + static_cast<std::uint64_t>(thread));
  }

  // Looks up keys of all three kinds until the writers are through. Returns how many stayers it
  // has found.
  long read(std::mt19937_64& random) {
    long found = 0;
    while (writers_left_.load() != 0) {
      RcuReadGuard guard;
      for (int i = 0; i < 10; ++i) {
        const auto choice = static_cast<int>(random() % 1000);
        const Item* const stayer = table_.find(choice % kStayers);
        EXPECT_EQ(stayer, &stayers_[static_cast<std::size_t>(choice % kStayers)]);
        if (stayer != nullptr) ++found;
        EXPECT_EQ(table_.find(kStrangers + choice), nullptr);
        const int key = kStayers + choice % kPassers;
        const Item* const passer = table_.find(key);
        EXPECT_TRUE(passer == nullptr || passer->key == key);
      }
    }
    return found;
  }

  // Puts in the keys from `begin` to `end`, then takes them out, so often.
  void write(int begin, int end, int times) {
    for (int i = 0; i < times; ++i) {
      std::vector<Item*> items;
      for (int key = begin; key < end; ++key) {
        items.push_back(new Item(key));
        EXPECT_TRUE(table_.insert(*items.back()).ok());
        if (key % 16 == 0) note_size();
      }
      for (Item* const item : items) {
        EXPECT_TRUE(table_.remove(*item));
        call_rcu(item, Item::free);
      }
      rcu_do_callbacks();
    }
    --writers_left_;
  }

  void note_size() {
    const std::size_t buckets = table_.buckets();
    if (last_size_.exchange(buckets) != buckets) ++resizes_seen_;
  }

  const std::uint64_t seed_;
  Rhashtable<ItemTraits> table_;
  std::deque<Item> stayers_;
  std::atomic<int> writers_left_{0};
  std::atomic<std::size_t> last_size_{0};
  std::atomic<int> resizes_seen_{0};
};

// Guarantee 1 of rhashtable.h.
TEST_F(RhashtableStressTest, WhatIsThereIsFoundDuringResizes) {
  constexpr int kTimes = UMS_SANITIZE_THREAD ? 60 : 2000;
  std::atomic<long> found{0};
  writers_left_ = 2;
  test::run_threads(4, [&](int thread) {
    if (thread < 2) {
      const int begin = kStayers + thread * kPassers / 2;
      write(begin, begin + kPassers / 2, kTimes);
    } else {
      auto numbers = random(thread);
      found += read(numbers);
    }
  });
  EXPECT_GT(found, 0);
  EXPECT_GT(resizes_seen_, kTimes);  // it did resize under the readers
}

// Also for nodes that come back at once, under another key and so in another chain, with readers
// that stand on them: those must not lose the rest of the chain they were in.
TEST_F(RhashtableStressTest, WhatIsThereIsFoundWhileOthersJump) {
  constexpr int kTimes = UMS_SANITIZE_THREAD ? 20'000 : 600'000;
  std::deque<Item> jumpers;
  for (int i = 0; i < 24; ++i) {
    jumpers.emplace_back(kStayers + i);
    ASSERT_TRUE(table_.insert(jumpers.back()).ok());
  }
  writers_left_ = 1;
  test::run_threads(3, [&](int thread) {
    auto numbers = random(thread);
    if (thread > 0) {
      while (writers_left_.load() != 0) {
        RcuReadGuard guard;
        for (int key = 0; key < kStayers; ++key) ASSERT_NE(table_.find(key), nullptr);
      }
      return;
    }
    for (int i = 0; i < kTimes; ++i) {
      Item& jumper = jumpers[numbers() % jumpers.size()];
      EXPECT_TRUE(table_.remove(jumper));
      do {
        jumper.key = kStayers + static_cast<int>(numbers() % kPassers);
      } while (!table_.insert(jumper).ok());
    }
    --writers_left_;
  });
  for (Item& jumper : jumpers) EXPECT_TRUE(table_.remove(jumper));
}

// Guarantee 2: of several insertions of one key one succeeds, in whatever tables they happen.
TEST_F(RhashtableStressTest, EqualKeysGoInOnce) {
  constexpr int kTimes = UMS_SANITIZE_THREAD ? 30 : 100;
  constexpr int kThreads = 4;
  for (int i = 0; i < kTimes; ++i) {
    std::atomic<int> inserted{0};
    std::vector<std::vector<Item*>> mine(kThreads);
    test::run_threads(kThreads, [&](int thread) {
      for (int key = kStayers; key < kStrangers; ++key) {
        auto* const item = new Item(key);
        if (table_.insert(*item).ok()) {
          ++inserted;
          mine[static_cast<std::size_t>(thread)].push_back(item);
        } else {
          delete item;
        }
      }
    });
    EXPECT_EQ(inserted, kPassers);
    test::run_threads(kThreads, [&](int thread) {
      for (Item* const item : mine[static_cast<std::size_t>(thread)]) {
        EXPECT_TRUE(table_.remove(*item));
        call_rcu(item, Item::free);
      }
    });
    rcu_barrier();
  }
}

}  // namespace
}  // namespace ums::kernel
