// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/lib/idr.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <climits>
#include <vector>

#include "sim_kernel/mm/fault_inject.h"
#include "support/puppet.h"

namespace ums::kernel {
namespace {

struct Item {
  int id = 0;
};

class IdrTest : public ::testing::Test {
 protected:
  IdrTest() : nodes_before_(IdrTree::nodes_live()) {}
  void TearDown() override { EXPECT_EQ(nodes(), 0U); }

  // Nodes that the test's trees have once all readers are gone.
  std::size_t nodes() const {
    rcu_barrier();
    return IdrTree::nodes_live() - nodes_before_;
  }

 private:
  const std::size_t nodes_before_;
};

using IdrDeathTest = IdrTest;

Item* find(const Idr<Item>& idr, int id) {
  RcuReadGuard guard;
  return idr.find(id);
}

// Gives ids 1 to items.size() to the items.
void fill(Idr<Item>& idr, std::vector<Item>& items) {
  for (Item& item : items) {
    Result<int> id = idr.alloc(&item);
    ASSERT_TRUE(id.ok());
    item.id = id.value();
    ASSERT_EQ(item.id, &item - items.data() + 1);
  }
}

// Guarantee 1.
TEST_F(IdrTest, GivesTheLowestFreeId) {
  Idr<Item> idr;
  std::vector<Item> items(200);
  fill(idr, items);
  for (const int id : {150, 64, 65, 3})
    EXPECT_EQ(idr.remove(id), &items[static_cast<size_t>(id - 1)]);
  for (const int id : {3, 64, 65, 150, 201}) EXPECT_EQ(idr.alloc(&items[0]).value(), id);
}

// Guarantee 2.
TEST_F(IdrTest, FindsAtEveryHeight) {
  Idr<Item> idr;
  std::vector<Item> items(64 * 64 + 100);
  for (std::size_t i = 0; i < items.size(); ++i) {
    ASSERT_EQ(idr.alloc(&items[i]).value(), static_cast<int>(i + 1));
    ASSERT_EQ(find(idr, static_cast<int>(i + 1)), &items[i]);
    ASSERT_EQ(find(idr, static_cast<int>(i + 2)), nullptr);
  }
  EXPECT_EQ(idr.size(), items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    ASSERT_EQ(find(idr, static_cast<int>(i + 1)), &items[i]);
  }
}

TEST_F(IdrTest, FindsNothingElse) {
  Idr<Item> idr;
  const int others[] = {0, -1, INT_MIN, INT_MAX, 2, 64, 65, 4097};
  for (const int id : others) EXPECT_EQ(find(idr, id), nullptr) << id;
  Item item;
  EXPECT_EQ(idr.alloc(&item).value(), 1);
  for (const int id : others) EXPECT_EQ(find(idr, id), nullptr) << id;
  for (const int id : others) EXPECT_EQ(idr.remove(id), nullptr) << id;
  EXPECT_EQ(idr.size(), 1U);
}

TEST_F(IdrTest, RemovesOnce) {
  Idr<Item> idr;
  Item item;
  EXPECT_TRUE(idr.empty());
  EXPECT_EQ(idr.alloc(&item).value(), 1);
  EXPECT_FALSE(idr.empty());
  EXPECT_EQ(idr.remove(1), &item);
  EXPECT_EQ(idr.remove(1), nullptr);
  EXPECT_TRUE(idr.empty());
}

TEST_F(IdrTest, VisitsInOrderAndTheVisitMayRemove) {
  Idr<Item> idr;
  std::vector<Item> items(5000);
  fill(idr, items);
  for (int id = 1; id <= 5000; ++id) {
    if (id % 1000 != 0) idr.remove(id);
  }
  std::vector<int> seen;
  idr.for_each([&](int id, Item* item) {
    EXPECT_EQ(item->id, id);
    seen.push_back(id);
    idr.remove(id);
  });
  EXPECT_EQ(seen, (std::vector<int>{1000, 2000, 3000, 4000, 5000}));
  EXPECT_TRUE(idr.empty());
}

TEST_F(IdrTest, EndsAtItsGreatestId) {
  std::vector<Item> items(200);
  for (const int id_max : {1, 63, 64, 65, 130}) {
    Idr<Item> idr(id_max);
    for (int id = 1; id <= id_max; ++id) EXPECT_EQ(idr.alloc(&items[0]).value(), id);
    EXPECT_EQ(idr.alloc(&items[0]).error_code(), ENOSPC);
    EXPECT_EQ(idr.size(), static_cast<std::size_t>(id_max));
    idr.remove(id_max);
    EXPECT_EQ(idr.alloc(&items[0]).value(), id_max);
  }
}

// Guarantee 3. With 64 ids given a root and a leaf are needed, with 4096 three nodes.
TEST_F(IdrTest, FailsWithoutMemoryAndChangesNothing) {
  for (const std::size_t given : {std::size_t{0}, std::size_t{64}, std::size_t{4096}}) {
    Idr<Item> idr;
    std::vector<Item> items(given);
    fill(idr, items);
    const std::size_t nodes_given = nodes();
    Item more;
    unsigned failures = 0;
    for (unsigned nth = 1;; ++nth) {
      fault_inject_fail_nth(nth);
      Result<int> id = idr.alloc(&more);
      if (!fault_inject_disarm()) {
        EXPECT_EQ(id.value(), static_cast<int>(given + 1));
        break;
      }
      ++failures;
      EXPECT_EQ(id.error_code(), ENOMEM);
      EXPECT_EQ(idr.size(), given);
      EXPECT_EQ(nodes(), nodes_given);
    }
    EXPECT_EQ(failures, given == 0 ? 1U : given == 64 ? 2U : 3U);
  }
}

// Guarantee 4.
TEST_F(IdrTest, ShrinksWithItsObjects) {
  Idr<Item> idr;
  std::vector<Item> items(64 * 64 + 1);
  fill(idr, items);
  EXPECT_EQ(nodes(), 64U + 1 + 1 + 1 + 1);  // 65 leaves, two nodes above them, the root
  for (int id = 4097; id > 1; --id) idr.remove(id);
  EXPECT_EQ(nodes(), 1U);
  EXPECT_EQ(find(idr, 1), &items[0]);
  idr.remove(1);
  EXPECT_EQ(nodes(), 0U);
}

TEST_F(IdrTest, KeepsNodesForReaders) {
  Idr<Item> idr;
  std::vector<Item> items(65);
  fill(idr, items);
  test::Puppet reader;
  reader.does(rcu_read_lock);
  const std::size_t live = IdrTree::nodes_live();
  idr.remove(65);  // takes the second leaf, and the root that needs it
  for (int i = 0; i < 10; ++i) rcu_do_callbacks();
  EXPECT_EQ(IdrTree::nodes_live(), live);
  reader.does(rcu_read_unlock);
  rcu_do_callbacks();
  EXPECT_EQ(IdrTree::nodes_live(), live - 2);
}

TEST_F(IdrTest, ForgetsWhatIsLeftInIt) {
  std::vector<Item> items(100);
  Idr<Item> idr;
  fill(idr, items);
}

TEST_F(IdrDeathTest, FindingOutsideOfAReadSectionIsReported) {
  if (!UMS_LOCK_DEBUG) GTEST_SKIP() << "lock checks are off in this build";
  Idr<Item> idr;
  EXPECT_DEATH(static_cast<void>(idr.find(1)), "suspicious RCU usage: idr");
}

}  // namespace
}  // namespace ums::kernel
