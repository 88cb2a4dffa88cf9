// SPDX-License-Identifier: Apache-2.0
//
// Rhashtable against a std::unordered_map: random operations, the same answers, with hashes from
// good to useless.
#include "sim_kernel/lib/rhashtable.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

#include "support/seed.h"

namespace ums::kernel {
namespace {

constexpr int kKeys = 1000;

struct Item {
  int key = 0;
  RhashNode node;
};

template <std::uint64_t kHashes>
struct ItemTraits {
  using Object = Item;
  using Key = int;
  static constexpr RhashNode Item::*kNode = &Item::node;
  static int key(const Item& item) { return item.key; }
  static std::uint64_t hash(int key) { return static_cast<std::uint64_t>(key) % kHashes; }
};

template <typename Traits>
class RhashtableModelTest : public ::testing::Test {
 protected:
  RhashtableModelTest() : random_(test::test_seed()), items_(std::size_t{2} * kKeys) {
    for (int i = 0; i < 2 * kKeys; ++i) items_[static_cast<std::size_t>(i)].key = i % kKeys;
  }
  void TearDown() override {
    table_.destroy();
    rcu_barrier();
  }

  int number(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  Item& random_item() { return items_[static_cast<std::size_t>(number(0, 2 * kKeys - 1))]; }

  void insert() {
    Item& item = random_item();
    const bool fresh = model_.emplace(item.key, &item).second;
    const Result<void> inserted = table_.insert(item);
    ASSERT_EQ(inserted.error_code(), fresh ? 0 : EEXIST) << item.key;
  }
  void remove() {
    Item& item = random_item();
    const auto at = model_.find(item.key);
    const bool there = at != model_.end() && at->second == &item;
    if (there) model_.erase(at);
    ASSERT_EQ(table_.remove(item), there) << item.key;
  }
  void find() {
    const int key = number(0, kKeys);
    const auto at = model_.find(key);
    RcuReadGuard guard;
    ASSERT_EQ(table_.find(key), at == model_.end() ? nullptr : at->second) << key;
  }
  void compare() {
    std::unordered_map<int, Item*> seen;
    table_.for_each([&](Item& item) { ASSERT_TRUE(seen.emplace(item.key, &item).second); });
    ASSERT_EQ(seen, model_);
    ASSERT_EQ(table_.size(), model_.size());
    ASSERT_LE(table_.size(), table_.buckets() * 3 / 4);
    ASSERT_TRUE(table_.buckets() <= 4 || table_.size() >= table_.buckets() * 3 / 10);
  }

  std::mt19937_64 random_;
  std::vector<Item> items_;
  Rhashtable<Traits> table_;
  std::unordered_map<int, Item*> model_;
};

using Hashes = ::testing::Types<ItemTraits<1'000'000>, ItemTraits<50>, ItemTraits<1>>;
TYPED_TEST_SUITE(RhashtableModelTest, Hashes);

TYPED_TEST(RhashtableModelTest, AgreesWithAnUnorderedMap) {
  ASSERT_TRUE(this->table_.insert(this->items_[0]).ok());
  this->model_[0] = &this->items_[0];
  for (int phase = 0; phase < 20; ++phase) {
    const int inserts = this->number(2, 98);  // of 100 operations
    for (int i = 0; i < 1000; ++i) {
      if (this->number(0, 99) < inserts) {
        ASSERT_NO_FATAL_FAILURE(this->insert());
      } else {
        ASSERT_NO_FATAL_FAILURE(this->remove());
      }
      ASSERT_NO_FATAL_FAILURE(this->find());
      if (this->number(0, 300) == 0) rcu_do_callbacks();
    }
    ASSERT_NO_FATAL_FAILURE(this->compare());
  }
}

}  // namespace
}  // namespace ums::kernel
