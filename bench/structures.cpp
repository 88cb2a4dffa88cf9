// SPDX-License-Identifier: Apache-2.0
//
// The kernel's structures: an RCU read section that does nothing, and a lookup among ten thousand
// objects in an rhashtable and an idr, beside std::unordered_map. All three look up the same keys
// in the same random order, so each lookup finds what it looks for and misses the cache alike.
#include <algorithm>
#include <random>
#include <unordered_map>
#include <vector>

#include "bench/check.h"
#include "bench/rows.h"
#include "sim_kernel/init/start_kernel.h"
#include "sim_kernel/lib/idr.h"
#include "sim_kernel/lib/rhashtable.h"

namespace ums::bench {
namespace {

constexpr int kObjects = 10'000;
constexpr unsigned kSeed = 1;

struct Object {
  int key = 0;
  kernel::RhashNode node;
};

struct ObjectTable {
  using Object = bench::Object;
  using Key = int;
  static constexpr kernel::RhashNode Object::*kNode = &Object::node;
  static Key key(const Object& object) { return object.key; }
  static std::uint64_t hash(Key key) { return static_cast<std::uint64_t>(key); }
};

// The objects with keys 1 to kObjects, in a random order of memory, and the order of lookups.
class Population {
 public:
  Population() : objects_(kObjects), keys_(kObjects) {
    std::mt19937 random(kSeed);
    for (int i = 0; i < kObjects; ++i) {
      keys_[static_cast<std::size_t>(i)] = i + 1;
    }
    std::shuffle(keys_.begin(), keys_.end(), random);
    for (std::size_t i = 0; i < kObjects; ++i) {
      objects_[i].key = keys_[i];
    }
    std::sort(keys_.begin(), keys_.end());
    std::shuffle(keys_.begin(), keys_.end(), random);
  }

  std::vector<Object>& objects() { return objects_; }
  const std::vector<int>& keys() const { return keys_; }

 private:
  std::vector<Object> objects_;
  std::vector<int> keys_;
};

// Times `find(key)`, which returns the object, for the keys of the population in turn.
template <typename Find>
void look_up(benchmark::State& state, const std::vector<int>& keys, Find find) {
  std::size_t next = 0;
  for ([[maybe_unused]] auto iteration : state) {
    const Object* const found = find(keys[next]);
    check(found != nullptr && found->key == keys[next], "the lookup");
    next = next + 1 == keys.size() ? 0 : next + 1;
  }
}

void read_sections(benchmark::State& state) {
  kernel::start_kernel();
  for ([[maybe_unused]] auto iteration : state) {
    const kernel::RcuReadGuard guard;
    benchmark::ClobberMemory();
  }
}

void rhashtable_lookups(benchmark::State& state) {
  kernel::start_kernel();
  Population population;
  kernel::Rhashtable<ObjectTable> table;
  for (Object& object : population.objects()) {
    check(table.insert(object).ok(), "insert");
  }
  look_up(state, population.keys(), [&table](int key) {
    const kernel::RcuReadGuard guard;
    return table.find(key);
  });
}

void unordered_map_lookups(benchmark::State& state) {
  Population population;
  std::unordered_map<int, Object*> table;
  for (Object& object : population.objects()) {
    table.emplace(object.key, &object);
  }
  look_up(state, population.keys(), [&table](int key) { return table.find(key)->second; });
}

void idr_lookups(benchmark::State& state) {
  kernel::start_kernel();
  Population population;
  std::vector<Object*> by_key(kObjects);
  for (Object& object : population.objects()) {
    by_key[static_cast<std::size_t>(object.key - 1)] = &object;
  }
  kernel::Idr<Object> ids;
  for (Object* const object : by_key) {
    check(ids.alloc(object).ok(), "alloc");
  }
  look_up(state, population.keys(), [&ids](int key) {
    const kernel::RcuReadGuard guard;
    return ids.find(key);
  });
  for (const int key : population.keys()) {
    ids.remove(key);
  }
}

}  // namespace

void add_structure_rows(RowTable& table) {
  table.add_loop({"rcu_read_section", kStructures, "RCU read section", 1, Unit::kNanoseconds},
                 read_sections);
  table.add_loop(
      {"rhashtable_lookup", kStructures, "rhashtable lookup among 10,000", 1, Unit::kNanoseconds},
      rhashtable_lookups);
  table.add_loop({"unordered_map_lookup", kStructures, "std::unordered_map lookup among 10,000", 1,
                  Unit::kNanoseconds},
                 unordered_map_lookups);
  table.add_loop({"idr_lookup", kStructures, "idr lookup among 10,000", 1, Unit::kNanoseconds},
                 idr_lookups);
}

}  // namespace ums::bench
