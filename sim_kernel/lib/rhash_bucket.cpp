// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/lib/rhash_bucket.h"

#include "sim_kernel/sync/backoff.h"

namespace ums::kernel {

void RhashBucket::lock(LockRank rank) noexcept {
  lock_rank_acquire(rank);
  preemption_point(KernelStep::kUpdate, &head_);
  for (Backoff backoff; (head_.fetch_or(kLocked, std::memory_order_acquire) & kLocked) != 0;) {
    if (!preemption_wait(&head_)) backoff.wait();
  }
}

// While the bucket is held, all that others do to head_ is to set the bit that is set already. So
// its holder may change it by plain stores.
void RhashBucket::unlock(LockRank rank) noexcept {
  head_.store(first(), std::memory_order_release);
  lock_rank_release(rank);
  preemption_wake(&head_);
}

void RhashBucket::push(RhashNode& node) noexcept {
  const std::uintptr_t behind = first();
  preemption_point(KernelStep::kStore, &node.next);
  node.next.store(behind, std::memory_order_release);
  set_next(nullptr, reinterpret_cast<std::uintptr_t>(&node));
}

bool RhashBucket::unlink(RhashNode& node) noexcept {
  RhashNode* before = nullptr;
  for (std::uintptr_t link = first(); !is_end(link); link = after(*before)) {
    if (node_of(link) == &node) {
      set_next(before, after(node));
      return true;
    }
    before = node_of(link);
  }
  return false;
}

RhashBucket::Tail RhashBucket::tail() const noexcept {
  Tail tail;
  for (std::uintptr_t link = first(); !is_end(link); link = after(*tail.last)) {
    tail = {tail.last, node_of(link)};
  }
  return tail;
}

void RhashBucket::set_next(RhashNode* before, std::uintptr_t link) noexcept {
  preemption_point(KernelStep::kStore, before != nullptr ? &before->next : &head_);
  if (before != nullptr) {
    before->next.store(link, std::memory_order_release);
  } else {
    head_.store(link | kLocked, std::memory_order_release);
  }
}

}  // namespace ums::kernel
