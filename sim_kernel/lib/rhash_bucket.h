// SPDX-License-Identifier: Apache-2.0
//
// RhashBucket: one chain of an rhashtable and its lock, in one word (Linux: rhash_lock_head).
//
// A link is the address of an RhashNode, or the end of a chain: the address of the chain's own
// bucket, made odd. By the end a reader knows in which chain it has arrived (Linux: "nulls").
//
// Readers walk the chains under RCU while writers change them, and that is why Boost.Intrusive's
// slist algorithms, which could take these links by node traits, do not serve here: to them all
// chains end in the same null, and their erase makes the node point to nothing, where a reader that
// stands on it needs its way on.
//
// Invariants:
// 1. A chain changes under its lock only, by one release store at a time; the partner is a reader's
//    acquire load of the link.
// 2. A node that was taken out keeps its link, for readers that stand on it.
// 3. Nodes come in at the head of a chain. So a reader that an old link led back into the chain it
//    began in sees the rest of it, or more, but never less.
//
// Thread safety: any thread; writers hold the bucket, readers rcu_read_lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "sim_kernel/base/thread_annotations.h"
#include "sim_kernel/sync/lock_rank.h"
#include "sim_kernel/sync/preemption.h"

namespace ums::kernel {

// What an object embeds to be in one rhashtable.
struct RhashNode {
  std::atomic<std::uintptr_t> next{0};
};

class CAPABILITY("bucket") RhashBucket {
 public:
  RhashBucket() noexcept : head_(end()) {}
  RhashBucket(const RhashBucket&) = delete;
  RhashBucket& operator=(const RhashBucket&) = delete;

  static bool is_end(std::uintptr_t link) noexcept { return (link & kEnd) != 0; }
  static RhashNode* node_of(std::uintptr_t link) noexcept {
    return reinterpret_cast<RhashNode*>(link);
  }
  // The link that ends this chain, and no other one.
  std::uintptr_t end() const noexcept { return reinterpret_cast<std::uintptr_t>(this) | kEnd; }
  std::uintptr_t first() const noexcept {
    preemption_point(KernelStep::kLoad, &head_);
    return head_.load(std::memory_order_acquire) & ~kLocked;
  }
  static std::uintptr_t after(const RhashNode& node) noexcept {
    preemption_point(KernelStep::kLoad, &node.next);
    return node.next.load(std::memory_order_acquire);
  }

  // `rank` is kBucketNext for a second bucket while one is held (Linux: rht_lock_nested).
  // Ordering: acquire, with the release of unlock.
  void lock(LockRank rank) noexcept ACQUIRE();
  void unlock(LockRank rank) noexcept RELEASE();

  // Makes `node` the first. It may still be the last of another chain, with readers on it.
  void push(RhashNode& node) noexcept REQUIRES(this);
  // Takes `node` out. Returns whether it was there.
  bool unlink(RhashNode& node) noexcept REQUIRES(this);

  // The last node and the one before it; null where there is none.
  struct Tail {
    RhashNode* before = nullptr;
    RhashNode* last = nullptr;
  };
  Tail tail() const noexcept REQUIRES(this);
  // Ends the chain at `before`, or makes it empty if that is null.
  void end_after(RhashNode* before) noexcept REQUIRES(this) { set_next(before, end()); }

 private:
  static constexpr std::uintptr_t kEnd = 1;     // in a link: the end of a chain, not a node
  static constexpr std::uintptr_t kLocked = 2;  // in head_: somebody holds the bucket

  // Sets the link of `before`, or the first one if that is null.
  void set_next(RhashNode* before, std::uintptr_t link) noexcept REQUIRES(this);

  std::atomic<std::uintptr_t> head_;
};

// Holds a bucket for a scope.
class SCOPED_CAPABILITY RhashBucketGuard {
 public:
  RhashBucketGuard(RhashBucket& bucket, LockRank rank) noexcept ACQUIRE(bucket)
      : bucket_(bucket), rank_(rank) {
    bucket_.lock(rank_);
  }
  ~RhashBucketGuard() RELEASE() { bucket_.unlock(rank_); }
  RhashBucketGuard(const RhashBucketGuard&) = delete;
  RhashBucketGuard& operator=(const RhashBucketGuard&) = delete;

 private:
  RhashBucket& bucket_;
  const LockRank rank_;
};

}  // namespace ums::kernel
