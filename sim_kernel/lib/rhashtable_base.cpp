// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/lib/rhashtable_base.h"

#include <algorithm>
#include <bit>
#include <cerrno>

namespace ums::kernel {

namespace {

constexpr unsigned kBitsMin = 2;

// The size, as a power of two, that a table of 2^bits buckets should have for `objects`: twice as
// many buckets above a load of 75 %, and below 30 % so many that the load comes to 33 to 67 %.
unsigned wanted_bits(unsigned bits, std::size_t objects) noexcept {
  const std::size_t buckets = std::size_t{1} << bits;
  if (objects > buckets / 4 * 3) return bits + 1;
  if (objects >= buckets * 3 / 10) return bits;
  const auto fitting = static_cast<unsigned>(std::bit_width(std::bit_ceil(objects * 3 / 2)) - 1);
  return std::max(fitting, kBitsMin);
}

}  // namespace

std::size_t RhashtableBase::buckets() const noexcept {
  RcuReadGuard guard;
  const BucketTable* const table = oldest_table();
  return table == nullptr ? 0 : table->size();
}

void RhashtableBase::destroy() noexcept {
  kassert(!resizing_.load(), "rhashtable destroyed in a resize");
  BucketTable* const table = table_.exchange(nullptr);
  if (table != nullptr) table->destroy_after_grace_period();
  size_.store(0);
}

Result<void> RhashtableBase::make_first_table() noexcept {
  if (table_.load(std::memory_order_relaxed) != nullptr) return {};  // it only tells whether
  BucketTable* const table = BucketTable::create(kBitsMin);
  if (table == nullptr) return Error{ENOMEM};
  BucketTable* none = nullptr;
  // Release, with the acquire of oldest_table.
  if (!table_.compare_exchange_strong(none, table, std::memory_order_release,
                                      std::memory_order_relaxed)) {
    BucketTable::destroy(table);
  }
  return {};
}

// A resize moves the node towards younger tables only: who looks through all of them, from the
// oldest on and holding each bucket, meets it.
bool RhashtableBase::remove_node(RhashNode& node, std::uint64_t hash) noexcept {
  RcuReadGuard guard;
  for (BucketTable* table = oldest_table(); table != nullptr; table = table->future()) {
    RhashBucket& bucket = table->bucket(hash);
    RhashBucketGuard bucket_guard(bucket, LockRank::kBucket);
    if (bucket.unlink(node)) {
      size_.fetch_sub(1, std::memory_order_relaxed);  // a hint, for resizes
      return true;
    }
  }
  return false;
}

bool RhashtableBase::wants_resize() const noexcept {
  RcuReadGuard guard;
  const BucketTable* const table = oldest_table();
  return table != nullptr && wanted_bits(table->bits(), size()) != table->bits();
}

void RhashtableBase::resize_if_needed(BucketTable::HashOf hash_of) noexcept {
  if (rcu_read_lock_held()) return;
  // Acquire and release: the tables that one resize left are what the next one finds.
  while (wants_resize() && !resizing_.exchange(true, std::memory_order_acquire)) {
    const bool done = resize(hash_of);
    resizing_.store(false, std::memory_order_release);
    if (!done) return;
  }
}

// Returns false if there was no memory for the new table.
bool RhashtableBase::resize(BucketTable::HashOf hash_of) noexcept {
  BucketTable* const table = table_.load(std::memory_order_relaxed);  // `resizing_` is ours
  const unsigned bits = wanted_bits(table->bits(), size());
  if (bits == table->bits()) return true;
  BucketTable* const next = BucketTable::create(bits);
  if (next == nullptr) return false;
  table->move_all_to(*next, hash_of);
  rcu_assign_pointer(table_, next);
  table->destroy_after_grace_period();
  return true;
}

}  // namespace ums::kernel
