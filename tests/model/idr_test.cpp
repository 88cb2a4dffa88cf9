// SPDX-License-Identifier: Apache-2.0
//
// Idr against a std::map: random operations, the same answers.
#include "sim_kernel/lib/idr.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <random>

#include "support/seed.h"

namespace ums::kernel {
namespace {

struct Item {
  int serial;
};

class Model {
 public:
  explicit Model(int id_max) : id_max_(id_max) {}

  // 0 if there is no free id.
  int alloc(Item* item) {
    int id = 1;
    for (auto at = ids_.begin(); at != ids_.end() && at->first == id; ++at) ++id;
    if (id > id_max_) return 0;
    ids_[id] = item;
    return id;
  }
  Item* find(int id) const {
    const auto at = ids_.find(id);
    return at == ids_.end() ? nullptr : at->second;
  }
  Item* remove(int id) {
    Item* const item = find(id);
    ids_.erase(id);
    return item;
  }
  const std::map<int, Item*>& ids() const { return ids_; }

 private:
  const int id_max_;
  std::map<int, Item*> ids_;
};

class IdrModelTest : public ::testing::Test {
 protected:
  IdrModelTest() : random_(test::test_seed()) {}

  int number(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  void alloc() {
    Item* const item = &items_[static_cast<std::size_t>(number(0, 99))];
    Result<int> id = idr_.alloc(item);
    const int expected = model_.alloc(item);
    if (expected == 0) {
      ASSERT_EQ(id.error_code(), ENOSPC);
    } else {
      ASSERT_EQ(id.value(), expected);
    }
  }
  void remove() {
    const int id = number(-1, id_max_ + 1);
    ASSERT_EQ(idr_.remove(id), model_.remove(id)) << id;
  }
  // Takes out a run of ids, so that nodes and levels go.
  void remove_many() {
    const int from = number(1, id_max_);
    for (int id = from; id < from + 300; ++id) ASSERT_EQ(idr_.remove(id), model_.remove(id)) << id;
  }
  void find() {
    const int id = number(-1, id_max_ + 1);
    RcuReadGuard guard;
    ASSERT_EQ(idr_.find(id), model_.find(id)) << id;
  }
  void compare() {
    std::map<int, Item*> seen;
    idr_.for_each([&](int id, Item* item) { seen[id] = item; });
    ASSERT_EQ(seen, model_.ids());
    ASSERT_EQ(idr_.size(), model_.ids().size());
  }

  std::mt19937_64 random_;
  const int id_max_ = number(1, 6000);
  std::vector<Item> items_ = std::vector<Item>(100);
  Idr<Item> idr_{id_max_};
  Model model_{id_max_};
};

TEST_F(IdrModelTest, AgreesWithAMap) {
  for (int phase = 0; phase < 12; ++phase) {
    const int allocs = number(5, 95);  // of 100 operations
    for (int i = 0; i < 2000; ++i) {
      const int what = number(0, 99);
      if (what < allocs) {
        ASSERT_NO_FATAL_FAILURE(alloc());
      } else if (number(0, 200) == 0) {
        ASSERT_NO_FATAL_FAILURE(remove_many());
      } else {
        ASSERT_NO_FATAL_FAILURE(remove());
      }
      ASSERT_NO_FATAL_FAILURE(find());
      if (number(0, 300) == 0) rcu_do_callbacks();
    }
    ASSERT_NO_FATAL_FAILURE(compare());
  }
  rcu_barrier();
}

}  // namespace
}  // namespace ums::kernel
