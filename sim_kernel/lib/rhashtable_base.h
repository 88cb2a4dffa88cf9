// SPDX-License-Identifier: Apache-2.0
//
// RhashtableBase: what an rhashtable does without knowing its objects: its present table, its size,
// and the resizes (Linux: rhashtable.c). What it guarantees stands in rhashtable.h.
//
// Invariants:
// 1. `table_` is the oldest table that may hold nodes; the others follow by future(). Only the
//    thread that set `resizing_` replaces it.
// 2. A resize is tried when the load leaves its range, by the call that took it there; `resizing_`
//    is never waited for. What cannot be done now (another resize, no memory) the next call does.
//
// Thread safety: as rhashtable.h says.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sim_kernel/base/result.h"
#include "sim_kernel/lib/bucket_table.h"

namespace ums::kernel {

class RhashtableBase {
 public:
  RhashtableBase(const RhashtableBase&) = delete;
  RhashtableBase& operator=(const RhashtableBase&) = delete;

  // How many objects there are: a snapshot.
  std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  // How many buckets there are: a snapshot, 0 before the first insertion.
  std::size_t buckets() const noexcept;

  // Forgets the objects and frees the tables, after a grace period. The rhashtable is then empty.
  // Context: no other writer; readers may still be there.
  void destroy() noexcept;

 protected:
  RhashtableBase() noexcept = default;
  ~RhashtableBase() { destroy(); }

  // Makes the first table if there is none yet. ENOMEM.
  Result<void> make_first_table() noexcept;
  bool remove_node(RhashNode& node, std::uint64_t hash) noexcept;
  // Grows or shrinks as the load wants it. In a read section, where memory cannot be waited for,
  // it is put off.
  void resize_if_needed(BucketTable::HashOf hash_of) noexcept;

  // Where a lookup begins; null before the first insertion.
  BucketTable* oldest_table() const noexcept { return rcu_dereference(table_); }

  std::atomic<BucketTable*> table_{nullptr};
  std::atomic<std::size_t> size_{0};
  std::atomic<bool> resizing_{false};

 private:
  bool wants_resize() const noexcept;
  bool resize(BucketTable::HashOf hash_of) noexcept;
};

}  // namespace ums::kernel
