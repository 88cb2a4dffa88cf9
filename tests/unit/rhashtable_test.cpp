// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/lib/rhashtable.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <vector>

#include "sim_kernel/mm/fault_inject.h"
#include "sim_kernel/mm/kvmalloc.h"
#include "support/puppet.h"

namespace ums::kernel {
namespace {

struct Item {
  explicit Item(int k = 0) : key(k) {}
  Item(const Item& other) : key(other.key) {}  // for std::vector; a copy is in no table

  const int key;
  RhashNode node;
};

struct Spread {
  static std::uint64_t hash(int key) { return static_cast<std::uint64_t>(key); }
};
struct AllEqual {
  static std::uint64_t hash(int) { return 7; }
};

template <typename Hash>
struct ItemTraits : Hash {
  using Object = Item;
  using Key = int;
  static constexpr RhashNode Item::*kNode = &Item::node;
  static int key(const Item& item) { return item.key; }
};

template <typename Hash>
class RhashtableTest : public ::testing::Test {
 protected:
  using Table = Rhashtable<ItemTraits<Hash>>;

  RhashtableTest() {
    rcu_barrier();
    tables_before_ = kvmalloc_live();
    for (int key = 0; key < 200; ++key) items_.emplace_back(key);
  }
  void TearDown() override {
    table_.destroy();
    EXPECT_EQ(tables(), 0U);
  }

  // Tables that exist once all readers are gone.
  std::size_t tables() const {
    rcu_barrier();
    return kvmalloc_live() - tables_before_;
  }
  Item* find(int key) const {
    RcuReadGuard guard;
    return table_.find(key);
  }
  Item& item(int key) { return items_[static_cast<std::size_t>(key)]; }
  // Puts in the items with keys from `begin` to `end`, exclusive.
  void insert(int begin, int end) {
    for (int key = begin; key < end; ++key) ASSERT_TRUE(table_.insert(item(key)).ok());
  }
  void remove(int begin, int end) {
    for (int key = begin; key < end; ++key) ASSERT_TRUE(table_.remove(item(key)));
  }
  // Asserts that the table has the items from `begin` to `end`, exclusive, and no others.
  void expect_holds(int begin, int end) {
    EXPECT_EQ(table_.size(), static_cast<std::size_t>(end - begin));
    for (int key = 0; key < static_cast<int>(items_.size()); ++key) {
      EXPECT_EQ(find(key), begin <= key && key < end ? &item(key) : nullptr) << key;
    }
  }

  std::size_t tables_before_ = 0;
  std::vector<Item> items_;
  Table table_;
};

using Hashes = ::testing::Types<Spread, AllEqual>;
TYPED_TEST_SUITE(RhashtableTest, Hashes);

TYPED_TEST(RhashtableTest, IsEmptyAtFirst) {
  EXPECT_EQ(this->tables(), 0U);
  EXPECT_EQ(this->table_.buckets(), 0U);
  EXPECT_FALSE(this->table_.remove(this->item(1)));
  this->table_.for_each([](Item&) { ADD_FAILURE(); });
  this->expect_holds(0, 0);
}

TYPED_TEST(RhashtableTest, FindsWhatWasInserted) {
  this->insert(0, 150);
  this->expect_holds(0, 150);
}

TYPED_TEST(RhashtableTest, RemovesWhatWasInserted) {
  this->insert(0, 150);
  EXPECT_FALSE(this->table_.remove(this->item(150)));
  this->remove(0, 100);
  EXPECT_FALSE(this->table_.remove(this->item(0)));
  this->expect_holds(100, 150);
}

// Guarantee 2.
TYPED_TEST(RhashtableTest, RefusesAKeyThatIsThere) {
  this->insert(0, 100);
  Item same_key(42);
  EXPECT_EQ(this->table_.insert(same_key).error_code(), EEXIST);
  EXPECT_EQ(this->table_.insert(this->item(42)).error_code(), EEXIST);
  this->expect_holds(0, 100);
  EXPECT_FALSE(this->table_.remove(same_key));
}

// Guarantee 3.
TYPED_TEST(RhashtableTest, GrowsAboveThreeQuarters) {
  std::size_t buckets = 4;
  for (int key = 0; key < 200; ++key) {
    this->insert(key, key + 1);
    if (static_cast<std::size_t>(key) + 1 > buckets * 3 / 4) buckets *= 2;
    ASSERT_EQ(this->table_.buckets(), buckets);
  }
  EXPECT_EQ(buckets, 512U);
  EXPECT_EQ(this->tables(), 1U);
}

TYPED_TEST(RhashtableTest, ShrinksBelowThirtyPercent) {
  this->insert(0, 192);
  EXPECT_EQ(this->table_.buckets(), 256U);
  this->remove(0, 192 - 76);  // 30 % of 256, rounded down
  EXPECT_EQ(this->table_.buckets(), 256U);
  this->remove(192 - 76, 192 - 75);
  EXPECT_EQ(this->table_.buckets(), 128U);
  this->remove(192 - 75, 192);
  EXPECT_EQ(this->table_.buckets(), 4U);
  EXPECT_EQ(this->tables(), 1U);
}

TYPED_TEST(RhashtableTest, ShrinksLaterIfRemovedFromInAReadSection) {
  this->insert(0, 100);
  EXPECT_EQ(this->table_.buckets(), 256U);
  {
    RcuReadGuard guard;
    this->remove(0, 90);
  }
  EXPECT_EQ(this->table_.buckets(), 256U);
  this->remove(90, 91);
  EXPECT_EQ(this->table_.buckets(), 16U);
  this->expect_holds(91, 100);
}

TYPED_TEST(RhashtableTest, FirstInsertionFailsWithoutMemory) {
  fault_inject_fail_nth(1);
  EXPECT_EQ(this->table_.insert(this->item(1)).error_code(), ENOMEM);
  EXPECT_TRUE(fault_inject_disarm());
  this->expect_holds(0, 0);
  EXPECT_EQ(this->tables(), 0U);
  this->insert(0, 1);
  this->expect_holds(0, 1);
}

TYPED_TEST(RhashtableTest, GoesOnWithoutMemoryToGrow) {
  this->insert(0, 3);
  for (int key = 3; key < 100; ++key) {
    fault_inject_fail_nth(1);
    this->insert(key, key + 1);
    EXPECT_TRUE(fault_inject_disarm());
  }
  EXPECT_EQ(this->table_.buckets(), 4U);
  this->expect_holds(0, 100);
  this->insert(100, 101);
  EXPECT_EQ(this->table_.buckets(), 256U);
  this->expect_holds(0, 101);
}

// Guarantee 4.
TYPED_TEST(RhashtableTest, KeepsOldTablesForReaders) {
  this->insert(0, 3);
  test::Puppet reader;
  reader.does(rcu_read_lock);
  this->insert(3, 4);
  for (int i = 0; i < 10; ++i) rcu_do_callbacks();
  EXPECT_EQ(kvmalloc_live() - this->tables_before_, 2U);
  reader.does(rcu_read_unlock);
  rcu_do_callbacks();
  EXPECT_EQ(kvmalloc_live() - this->tables_before_, 1U);
}

TYPED_TEST(RhashtableTest, VisitsAllAndTheVisitMayRemove) {
  this->insert(0, 150);
  std::multiset<int> walked, visited;
  {
    RcuReadGuard guard;
    this->table_.walk([&](Item& item) { walked.insert(item.key); });
  }
  this->table_.for_each([&](Item& item) {
    visited.insert(item.key);
    EXPECT_TRUE(this->table_.remove(item));
  });
  EXPECT_EQ(walked, visited);
  EXPECT_EQ(visited.size(), 150U);
  this->expect_holds(0, 0);
}

TYPED_TEST(RhashtableTest, ServesAgainAfterDestroy) {
  this->insert(0, 150);
  this->table_.destroy();
  EXPECT_EQ(this->tables(), 0U);
  this->expect_holds(0, 0);
  this->insert(0, 50);
  this->expect_holds(0, 50);
}

// What readers rely on: see rhash_bucket.h.
TEST(RhashBucketTest, ChainsKeepReadersOnTheirWay) {
  RhashBucket chain, other;
  RhashNode a, b, c;
  RhashBucketGuard guard(chain, LockRank::kBucket);
  EXPECT_NE(chain.end(), other.end());
  EXPECT_EQ(chain.first(), chain.end());
  EXPECT_EQ(chain.tail().last, nullptr);
  for (RhashNode* node : {&c, &b, &a}) chain.push(*node);
  EXPECT_EQ(RhashBucket::node_of(chain.first()), &a);
  EXPECT_EQ(chain.tail().before, &b);
  EXPECT_EQ(chain.tail().last, &c);

  EXPECT_TRUE(chain.unlink(b));
  EXPECT_FALSE(chain.unlink(b));
  EXPECT_EQ(RhashBucket::node_of(RhashBucket::after(a)), &c);
  EXPECT_EQ(RhashBucket::node_of(RhashBucket::after(b)), &c);  // a reader on b goes on

  {
    RhashBucketGuard other_guard(other, LockRank::kBucketNext);
    other.push(*chain.tail().last);
  }
  EXPECT_EQ(RhashBucket::after(c), other.end());  // a reader on c finds out that it strayed
  chain.end_after(&a);
  EXPECT_EQ(RhashBucket::after(a), chain.end());
  chain.end_after(nullptr);
  EXPECT_EQ(chain.first(), chain.end());
}

TEST(RhashtableDeathTest, FindingOutsideOfAReadSectionIsReported) {
  if (!UMS_LOCK_DEBUG) GTEST_SKIP() << "lock checks are off in this build";
  Rhashtable<ItemTraits<Spread>> table;
  EXPECT_DEATH(static_cast<void>(table.find(1)), "suspicious RCU usage: rhashtable");
}

}  // namespace
}  // namespace ums::kernel
