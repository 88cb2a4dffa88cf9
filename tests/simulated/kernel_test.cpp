// SPDX-License-Identifier: Apache-2.0
//
// The kernel's own structures under many schedules: their guarantees hold while others go on in the
// middle of their functions.
#include <gtest/gtest.h>

#include <boost/intrusive/parent_from_member.hpp>
#include <memory>

#include "sim_kernel/lib/idr.h"
#include "sim_kernel/lib/rhashtable.h"
#include "sim_kernel/sync/preemption.h"
#include "simulated/explored_kernel.h"
#include "support/run_beside.h"

namespace ums::test {
namespace {

using namespace ums::kernel;

constexpr std::uint64_t kExecutions = 3000;

class KernelTest : public ExploredKernel {
 protected:
  // Runs `one` and `other` side by side, many times. `make` makes what they share.
  template <typename Make, typename One, typename Other>
  void explore(Make make, One one, Other other) {
    const auto body = [&] {
      auto shared = make();
      bool passed = true;
      run_beside([&] { one(*shared, passed); }, [&] { other(*shared, passed); });
      rcu_barrier();
      EXPECT_TRUE(passed);
    };
    EXPECT_GT(ExploredKernel::explore(body, kExecutions, {"default"}), kExecutions / 10);
  }
};

struct Item {
  int key = 0;
  RhashNode node;
};

struct ItemTraits {
  using Object = Item;
  using Key = int;
  static constexpr RhashNode Item::*kNode = &Item::node;
  static int key(const Item& item) { return item.key; }
  static std::uint64_t hash(int) { return 7; }  // all in one chain
};

struct ItemTable {
  static constexpr int kItems = 8;

  explicit ItemTable(int inserted) {
    for (int i = 0; i < kItems; ++i) items[i].key = i;
    for (int i = 0; i < inserted; ++i) static_cast<void>(table.insert(items[i]));
  }

  bool has(int key) {
    RcuReadGuard guard;
    return table.find(key) == &items[key];
  }

  Item items[kItems];
  Rhashtable<ItemTraits> table;
};

// Guarantee 1 of rhashtable.h.
TEST_F(KernelTest, LookupFindsWhatIsThereInAResize) {
  explore([] { return std::make_unique<ItemTable>(3); },
          [](ItemTable& shared, bool&) {
            static_cast<void>(shared.table.insert(shared.items[3]));  // the table grows
          },
          [](ItemTable& shared, bool& passed) {
            for (int key = 0; key < 3; ++key) passed &= shared.has(key);
          });
}

// Guarantee 2.
TEST_F(KernelTest, OneOfTwoEqualInsertionsSucceeds) {
  struct Two : ItemTable {
    Two() : ItemTable(2) { items[3].key = 2; }
    int inserted = 0;
  };
  const auto insert = [](int item) {
    return [item](Two& shared, bool& passed) {
      if (shared.table.insert(shared.items[item]).ok()) ++shared.inserted;
      passed &= shared.inserted <= 1;
    };
  };
  explore([] { return std::make_unique<Two>(); }, insert(2), insert(3));
}

TEST_F(KernelTest, RemovalsAndInsertionsMeetInAResize) {
  explore([] { return std::make_unique<ItemTable>(3); },
          [](ItemTable& shared, bool& passed) {
            static_cast<void>(shared.table.insert(shared.items[3]));
            passed &= shared.has(3) && shared.has(0);
          },
          [](ItemTable& shared, bool& passed) {
            passed &= shared.table.remove(shared.items[1]);
            passed &= !shared.has(1) && shared.has(2);
          });
}

// What readers of RCU see; an object is valid until its memory is used for something else.
struct Published {
  struct Object {
    int valid = 1;
    RcuHead rcu;
  };

  void replace(int by) {
    Object* const old = pointer.load();
    rcu_assign_pointer(pointer, &objects[by]);
    synchronize_rcu();
    preemption_point(KernelStep::kStore, &old->valid);
    old->valid = 0;
  }

  Object objects[3];
  std::atomic<Object*> pointer{&objects[0]};
};

void read_twice(Published& shared, bool& passed) {
  for (int i = 0; i < 2; ++i) {
    RcuReadGuard guard;
    Published::Object* const object = rcu_dereference(shared.pointer);
    preemption_point(KernelStep::kLoad, &object->valid);
    passed &= object->valid == 1;
  }
}

// Guarantees 1 and 2 of rcu.h. A reader that is late for the first grace period is to be waited for
// in the second.
TEST_F(KernelTest, SynchronizeWaitsForReaders) {
  explore([] { return std::make_unique<Published>(); },
          [](Published& shared, bool&) {
            shared.replace(1);
            shared.replace(2);
          },
          read_twice);
}

TEST_F(KernelTest, CallbackRunsWhenReadersAreGone) {
  explore([] { return std::make_unique<Published>(); },
          [](Published& shared, bool&) {
            rcu_assign_pointer(shared.pointer, &shared.objects[1]);
            call_rcu(&shared.objects[0].rcu, [](RcuHead* head) {
              boost::intrusive::get_parent_from_member(head, &Published::Object::rcu)->valid = 0;
            });
            rcu_do_callbacks();
            rcu_do_callbacks();
          },
          read_twice);
}

struct Ids {
  Idr<int> idr;
  int objects[2] = {10, 20};

  // Gives an object an id, finds it by that, and takes it back.
  bool give_and_take(int which) {
    Result<int> id = idr.alloc(&objects[which]);
    if (!id.ok() || id.value() > 2) return false;
    {
      RcuReadGuard guard;
      if (idr.find(id.value()) != &objects[which]) return false;
    }
    return idr.remove(id.value()) == &objects[which];
  }
};

// Guarantees 1 and 2 of idr.h.
TEST_F(KernelTest, IdsAreGivenToOneAtATime) {
  const auto give_and_take = [](int which) {
    return [which](Ids& shared, bool& passed) { passed &= shared.give_and_take(which); };
  };
  explore([] { return std::make_unique<Ids>(); }, give_and_take(0), give_and_take(1));
}

}  // namespace
}  // namespace ums::test
