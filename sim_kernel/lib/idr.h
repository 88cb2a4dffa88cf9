// SPDX-License-Identifier: Apache-2.0
//
// Idr: small integers for objects, and the way back (Linux: idr).
//
//     Idr<Complist> lists;
//     const int id = TRY(lists.alloc(list));       // 1, then 2, ...
//     RcuReadGuard guard;  Complist* found = lists.find(id);
//
// A radix tree, 64 children a node. Each node has two bitmaps, one of the slots in use and one of
// those with no free id beneath, so the lowest free id is found by one look at each level. The
// root's level is part of the root pointer: a lookup among the first 64 ids is two loads.
//
// Guarantees:
// 1. alloc gives the lowest id that is free, from 1.
// 2. find returns an object whose id was given before find began and not taken until it ended.
//    It waits for nobody.
// 3. A failed alloc changes nothing.
// 4. Nodes without objects are freed after a grace period; an empty Idr has none.
//
// Thread safety: all functions, from any thread. Readers hold rcu_read_lock, writers meet in the
// Idr's own lock (LockRank::kIdr).
#pragma once

#include <climits>
#include <cstddef>

#include "sim_kernel/lib/idr_tree.h"

namespace ums::kernel {

template <typename T>
class Idr {
 public:
  // Ids are from 1 to `id_max`.
  explicit Idr(int id_max = INT_MAX) noexcept : tree_(id_max) {}

  // Gives `object` the lowest free id. Returns it; ENOSPC if there is none; ENOMEM.
  // Context: may allocate; not in a read section.
  // Ordering: release, with find: who finds the object sees it as it is now.
  // Ownership: stays the caller's.
  Result<int> alloc(T* object) noexcept { return tree_.alloc(object); }

  // Returns the object with this id, or null. Any number may be asked for.
  // Context: in a read section, to whose end the object is valid if call_rcu frees it.
  T* find(int id) const noexcept { return static_cast<T*>(tree_.find(id)); }

  // Frees `id`. Returns the object that had it, or null if none had.
  // Context: any; readers may still see the object until a grace period has passed.
  T* remove(int id) noexcept { return static_cast<T*>(tree_.remove(id)); }

  // Calls visit(id, object) for all objects, by id. What comes and goes meanwhile may be missed.
  // Context: in a read section, or without any writer but visit itself, which may remove `id`.
  template <typename Visit>
  void for_each(Visit visit) const {
    int id = 0;
    while (void* const object = tree_.next(id)) visit(id, static_cast<T*>(object));
  }

  // How many objects there are: a snapshot.
  std::size_t size() const noexcept { return tree_.size(); }
  bool empty() const noexcept { return size() == 0; }

 private:
  IdrTree tree_;
};

}  // namespace ums::kernel
