// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/lib/bucket_table.h"

#include <boost/intrusive/parent_from_member.hpp>
#include <new>

#include "sim_kernel/mm/kvmalloc.h"

namespace ums::kernel {

BucketTable::BucketTable(unsigned bits) noexcept : shift_(64 - bits) {
  for (std::size_t i = 0; i < size(); ++i) new (buckets() + i) RhashBucket;
}

BucketTable* BucketTable::create(unsigned bits) noexcept {
  const std::size_t bytes = sizeof(BucketTable) + (sizeof(RhashBucket) << bits);
  void* const memory = kvmalloc(bytes);
  return memory == nullptr ? nullptr : new (memory) BucketTable(bits);
}

void BucketTable::destroy(BucketTable* table) noexcept {
  table->~BucketTable();
  kvfree(table);
}

void BucketTable::destroy_after_grace_period() noexcept {
  call_rcu(&rcu_, [](RcuHead* head) {
    destroy(boost::intrusive::get_parent_from_member(head, &BucketTable::rcu_));
  });
}

void BucketTable::move_all_to(BucketTable& next, HashOf hash_of) noexcept {
  rcu_assign_pointer(future_, &next);
  for (std::size_t i = 0; i < size(); ++i) move_chain(at(i), next, hash_of);
}

// Why a reader that looks for the last node finds it: at the node before, it reads either the link
// to it, or an end that was stored after the node was in its new chain; the end sends it to the
// future, where it then is. Standing on the node, it is led on into the new chain, comes to the end
// of a chain it did not begin in, and begins again.
void BucketTable::move_chain(RhashBucket& from, BucketTable& to, HashOf hash_of) noexcept {
  RhashBucketGuard guard(from, LockRank::kBucket);
  for (auto tail = from.tail(); tail.last != nullptr; tail = from.tail()) {
    RhashBucket& target = to.bucket(hash_of(*tail.last));
    {
      RhashBucketGuard target_guard(target, LockRank::kBucketNext);
      target.push(*tail.last);
    }
    from.end_after(tail.before);
  }
}

}  // namespace ums::kernel
