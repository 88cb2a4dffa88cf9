// SPDX-License-Identifier: Apache-2.0
//
// BucketTable: the buckets of an rhashtable at one of its sizes (Linux: struct bucket_table).
//
// A resize makes the next table the `future` of this one, moves every node there, one at a time
// from the tails of the chains, and frees this one when no reader can be in it. Meanwhile both are
// in use: a node is linked into its new chain before it leaves the old one, and who does not find
// it here looks in `future`.
//
// Invariants:
// 1. `future` is set once, before the first node moves, and stays.
// 2. No node comes into a bucket whose lock's last holder saw a future.
//
// Thread safety: see rhash_bucket.h.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sim_kernel/lib/rhash_bucket.h"
#include "sim_kernel/sync/rcu.h"

namespace ums::kernel {

class BucketTable {
 public:
  // The hash of a node's object.
  using HashOf = std::uint64_t (*)(const RhashNode& node);

  // Returns an empty table of 2^bits buckets, or null if there is no memory.
  static BucketTable* create(unsigned bits) noexcept;
  // Frees a table that no reader has seen.
  static void destroy(BucketTable* table) noexcept;
  // Frees a table that no reader can come to any more.
  void destroy_after_grace_period() noexcept;

  unsigned bits() const noexcept { return 64 - shift_; }
  std::size_t size() const noexcept { return std::size_t{1} << bits(); }
  RhashBucket& at(std::size_t i) noexcept { return buckets()[i]; }

  // Multiplicative hashing (Knuth): the product's upper bits depend on all bits of `hash`, which
  // need not be mixed before.
  RhashBucket& bucket(std::uint64_t hash) noexcept {
    return buckets()[hash * 0x9e3779b97f4a7c15U >> shift_];
  }

  // The table that takes over from this one, or null.
  BucketTable* future() const noexcept { return rcu_dereference(future_); }

  // Makes `next` the future and moves all nodes there.
  // Context: one caller for a table. Writers and readers may go on meanwhile.
  void move_all_to(BucketTable& next, HashOf hash_of) noexcept;

 private:
  explicit BucketTable(unsigned bits) noexcept;
  RhashBucket* buckets() noexcept { return reinterpret_cast<RhashBucket*>(this + 1); }
  static void move_chain(RhashBucket& from, BucketTable& to, HashOf hash_of) noexcept;

  const unsigned shift_;
  std::atomic<BucketTable*> future_{nullptr};
  RcuHead rcu_;
  // The buckets follow.
};

}  // namespace ums::kernel
