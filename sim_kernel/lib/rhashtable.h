// SPDX-License-Identifier: Apache-2.0
//
// Rhashtable: a hash table that grows and shrinks with its load, and whose readers take no lock and
// wait for nobody, not even for a resize (Linux: rhashtable).
//
//     struct WorkerTable {
//       using Object = Worker;
//       using Key = pid_t;
//       static constexpr RhashNode Worker::* kNode = &Worker::node;   // embedded in the object
//       static Key key(const Worker& worker) { return worker.pid; }
//       static std::uint64_t hash(Key pid) { return pid; }            // need not be mixed
//     };
//     Rhashtable<WorkerTable> workers;
//
// Guarantees:
// 1. find returns the object if it was in the table from before find began until it ended, whatever
//    was inserted, removed and resized meanwhile, and waits for nobody. (Only for a key that is not
//    there it may have to look again, until a resize has finished the node that it is moving.)
// 2. Of several insertions of equal keys one succeeds.
// 3. The load is kept above 30 % and below 75 % (minimum 4 buckets) by the insertions and removals
//    themselves; there is no worker thread. Without memory for a resize it goes on, only slower.
// 4. Old tables are freed after a grace period.
//
// Thread safety: all functions, from any thread, but for_each and destroy. Readers hold
// rcu_read_lock; writers meet in a lock for each bucket (LockRank::kBucket).
#pragma once

#include <boost/intrusive/parent_from_member.hpp>
#include <cerrno>

#include "sim_kernel/lib/rhashtable_base.h"
#include "sim_kernel/sync/backoff.h"

namespace ums::kernel {

template <typename Traits>
class Rhashtable : public RhashtableBase {
 public:
  using Object = typename Traits::Object;
  using Key = typename Traits::Key;

  // Puts `object` in, by the key it has now and until it is removed. EEXIST if there is one with
  // its key; ENOMEM, only if the table never had an object.
  // Context: may allocate; not in a read section.
  // Ordering: release, with find: who finds the object sees it as it is now.
  // Ownership: stays the caller's.
  Result<void> insert(Object& object) noexcept {
    TRY(make_first_table());
    if (!link_in(object)) return Error{EEXIST};
    size_.fetch_add(1, std::memory_order_relaxed);  // a hint, for resizes
    resize_if_needed(hash_of);
    return {};
  }

  // Returns the object with this key, or null.
  // Context: in a read section, to whose end the object is valid if call_rcu frees it.
  Object* find(Key key) const noexcept {
    rcu_assert_reading("rhashtable");
    bool strayed = false;
    Object* const object = find_once(key, strayed);
    return strayed && object == nullptr ? find_again(key) : object;
  }

  // Takes `object` out. Returns whether it was in.
  // Context: any. Outside of read sections it may allocate, to shrink.
  // Ownership: readers may still see the object until a grace period has passed.
  bool remove(Object& object) noexcept {
    if (!remove_node(object.*Traits::kNode, Traits::hash(Traits::key(object)))) return false;
    resize_if_needed(hash_of);
    return true;
  }

  // Calls visit(object) for all objects, in no order. It may remove or free the object.
  // Context: no other writer.
  template <typename Visit>
  void for_each(Visit visit) {
    kassert(!resizing_.exchange(true), "rhashtable walked in a resize");
    BucketTable* const table = table_.load();
    for (std::size_t i = 0; table != nullptr && i < table->size(); ++i) {
      std::uintptr_t link = table->at(i).first();
      while (!RhashBucket::is_end(link)) {
        RhashNode& node = *RhashBucket::node_of(link);
        link = RhashBucket::after(node);
        visit(object_of(node));
      }
    }
    resizing_.store(false);
  }

  // Calls visit(object) for all objects that are in the table throughout, in no order; for one that
  // a resize moves meanwhile perhaps twice.
  // Context: in a read section. Writers may go on; visit may not insert or remove.
  template <typename Visit>
  void walk(Visit visit) const {
    rcu_assert_reading("rhashtable");
    for (BucketTable* table = oldest_table(); table != nullptr; table = table->future()) {
      for (std::size_t i = 0; i < table->size(); ++i) {
        for (std::uintptr_t link = table->at(i).first(); !RhashBucket::is_end(link);) {
          RhashNode& node = *RhashBucket::node_of(link);
          visit(object_of(node));
          link = RhashBucket::after(node);
        }
      }
    }
  }

 private:
  static Object& object_of(RhashNode& node) noexcept {
    return *boost::intrusive::get_parent_from_member<Object, RhashNode>(&node, Traits::kNode);
  }
  static std::uint64_t hash_of(const RhashNode& node) noexcept {
    return Traits::hash(Traits::key(object_of(const_cast<RhashNode&>(node))));
  }

  // Sets `strayed` if the walk ended in another chain than it began in: it followed a node that was
  // moved (then the rest of its own chain is in the future), or taken out and put back elsewhere
  // (then it has missed the rest of its own chain, and must begin again).
  static Object* find_in(const RhashBucket& bucket, Key key, bool& strayed) noexcept {
    std::uintptr_t link = bucket.first();
    while (!RhashBucket::is_end(link)) {
      RhashNode& node = *RhashBucket::node_of(link);
      Object& object = object_of(node);
      if (Traits::key(object) == key) return &object;
      link = RhashBucket::after(node);
    }
    if (link != bucket.end()) [[unlikely]]
      strayed = true;
    return nullptr;
  }

  // Looks through all tables, from the oldest on.
  Object* find_once(Key key, bool& strayed) const noexcept {
    const std::uint64_t hash = Traits::hash(key);
    for (BucketTable* table = oldest_table(); table != nullptr; table = table->future()) {
      if (Object* const object = find_in(table->bucket(hash), key, strayed)) return object;
    }
    return nullptr;
  }

  [[gnu::cold, gnu::noinline]] Object* find_again(Key key) const noexcept {
    for (Backoff backoff;;) {
      bool strayed = false;
      Object* const object = find_once(key, strayed);
      if (object != nullptr || !strayed) return object;
      if (!preemption_yield()) backoff.wait();
    }
  }

  // Links `object` into the youngest table, unless its key is in one of them. The bucket is held
  // while future() is looked at: a resize that we do not see comes to this bucket after us.
  bool link_in(Object& object) noexcept {
    const Key key = Traits::key(object);
    const std::uint64_t hash = Traits::hash(key);
    RcuReadGuard guard;
    for (BucketTable* table = oldest_table();;) {
      RhashBucket& bucket = table->bucket(hash);
      RhashBucketGuard bucket_guard(bucket, LockRank::kBucket);
      bool strayed = false;  // cannot be: the bucket is held
      if (find_in(bucket, key, strayed) != nullptr) return false;
      BucketTable* const next = table->future();
      if (next == nullptr) {
        bucket.push(object.*Traits::kNode);
        return true;
      }
      table = next;
    }
  }
};

}  // namespace ums::kernel
