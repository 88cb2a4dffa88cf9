// SPDX-License-Identifier: Apache-2.0
//
// Lookups while an idr grows and shrinks by whole levels: what is in it must always be found.
#include "sim_kernel/lib/idr.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/seed.h"
#include "support/threads.h"

namespace ums::kernel {
namespace {

struct Item : RcuHead {
  std::atomic<int> id{0};
  static void free(RcuHead* head) { delete static_cast<Item*>(head); }
};

class IdrStress {
 public:
  IdrStress() {
    for (Item& stayer : stayers_) stayer.id = idr_.alloc(&stayer).value();
  }
  ~IdrStress() {
    for (const Item& stayer : stayers_) EXPECT_EQ(idr_.remove(stayer.id), &stayer);
    EXPECT_TRUE(idr_.empty());
    rcu_barrier();
  }

  // Takes `count` ids and gives them back, so often.
  void write(int count, int times) {
    for (int i = 0; i < times; ++i) {
      std::vector<Item*> items;
      for (int n = 0; n < count; ++n) {
        items.push_back(new Item);
        items.back()->id = idr_.alloc(items.back()).value();
      }
      for (Item* const item : items) {
        EXPECT_EQ(idr_.remove(item->id), item);
        call_rcu(item, Item::free);
      }
      rcu_do_callbacks();
    }
    --writers_left_;
  }

  // Returns how many of its lookups found something that came and went.
  long read(std::mt19937_64& random) {
    long passers = 0;
    while (writers_left_.load() != 0) {
      RcuReadGuard guard;
      const int id = static_cast<int>(random() % 5000) + 1;
      const Item* const item = idr_.find(id);
      if (id <= kStayers) {
        EXPECT_EQ(item, &stayers_[static_cast<std::size_t>(id - 1)]);
      } else if (item != nullptr) {
        const int noted = item->id;  // 0 until its alloc has returned
        EXPECT_TRUE(noted == id || noted == 0) << noted << " found as " << id;
        ++passers;
      }
      EXPECT_NE(idr_.find(1), nullptr);
    }
    return passers;
  }

 private:
  static constexpr int kStayers = 3;
  Idr<Item> idr_;
  std::vector<Item> stayers_ = std::vector<Item>(kStayers);
  std::atomic<int> writers_left_{2};
};

TEST(IdrStressTest, WhatIsThereIsFoundWhileItGrowsAndShrinks) {
  const std::uint64_t seed = test::test_seed();
  IdrStress stress;
  std::atomic<long> passers{0};
  test::run_threads(4, [&](int thread) {
    if (thread == 0) stress.write(4500, UMS_SANITIZE_THREAD ? 10 : 60);
    if (thread == 1) stress.write(100, UMS_SANITIZE_THREAD ? 400 : 2500);
    if (thread < 2) return;
    std::mt19937_64 random(seed + static_cast<std::uint64_t>(thread));
    passers += stress.read(random);
  });
  EXPECT_GT(passers, 0);
}

}  // namespace
}  // namespace ums::kernel
