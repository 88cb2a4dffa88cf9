// SPDX-License-Identifier: Apache-2.0
//
// IdrTree: the radix tree of an Idr, without its type (Linux: radix_tree_root with IDR tags). What
// it guarantees stands in idr.h.
//
// Invariants, all guarded by the lock:
// 1. The tree holds objects at indices, which are ids less 1. A leaf (level 0) has objects in its
//    slots, a node of level n nodes of level n - 1.
// 2. A node in the tree has something in a slot: bit i of `present` says that slot i is not null,
//    bit i of `full` that no index beneath slot i is free.
// 3. The root is no higher than its greatest index needs.
// 4. A node that left the tree keeps its slots for the readers in it until they are gone.
//
// Thread safety: as idr.h says.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sim_kernel/base/result.h"
#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/sync/spinlock.h"

namespace ums::kernel {

struct IdrNode {
  static constexpr unsigned kBits = 6;
  static constexpr unsigned kSlots = 1U << kBits;

  std::uint64_t present = 0;
  std::uint64_t full = 0;
  RcuHead rcu;
  std::atomic<void*> slots[kSlots] = {};
};

class IdrTree {
 public:
  explicit IdrTree(int id_max) noexcept;
  ~IdrTree();  // nobody uses it any more; objects left in it are forgotten
  IdrTree(const IdrTree&) = delete;
  IdrTree& operator=(const IdrTree&) = delete;

  Result<int> alloc(void* object) noexcept EXCLUDES(lock_);
  void* remove(int id) noexcept EXCLUDES(lock_);
  // The first object with an id above `id`, which becomes its id; or null.
  void* next(int& id) const noexcept;

  void* find(int id) const noexcept {
    rcu_assert_reading("idr");
    const auto index = static_cast<std::uint32_t>(id) - 1;  // 0 and below: too large for any root
    preemption_point(KernelStep::kLoad, &root_);
    const Root root(root_.load(std::memory_order_acquire));  // with set_root
    if (!root.covers(index)) return nullptr;
    IdrNode* node = root.node();
    for (unsigned level = root.level(); level > 0; --level) {
      node = static_cast<IdrNode*>(load_slot(*node, index, level));
      if (node == nullptr) return nullptr;
    }
    return load_slot(*node, index, 0);
  }

  std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  // How many nodes exist, of all trees and those that wait for a grace period.
  static std::size_t nodes_live() noexcept;

 private:
  // The root node and its level in one word: a reader must not mix those of two roots.
  class Root {
   public:
    explicit Root(std::uintptr_t word) noexcept : word_(word) {}
    Root(IdrNode* node, unsigned level) noexcept
        : word_(reinterpret_cast<std::uintptr_t>(node) | level) {}
    IdrNode* node() const noexcept { return reinterpret_cast<IdrNode*>(word_ & ~kLevelMask); }
    unsigned level() const noexcept { return static_cast<unsigned>(word_ & kLevelMask); }
    std::uintptr_t word() const noexcept { return word_; }
    bool covers(std::uint32_t index) const noexcept {
      return word_ != 0 && std::uint64_t{index} >> (level() * IdrNode::kBits) < IdrNode::kSlots;
    }

   private:
    static constexpr std::uintptr_t kLevelMask = 7;  // levels 0 to 5; nodes are aligned to 8
    std::uintptr_t word_;
  };

  // Where the next object goes, and how many nodes that takes.
  struct Place {
    std::uint64_t index = 0;
    unsigned nodes_needed = 0;
  };

  class Stock;  // of spare nodes

  static unsigned slot_of(std::uint32_t index, unsigned level) noexcept {
    return index >> (level * IdrNode::kBits) & (IdrNode::kSlots - 1);
  }
  // Ordering: acquire, with the release of whoever filled the slot.
  static void* load_slot(const IdrNode& node, std::uint32_t index, unsigned level) noexcept {
    return node.slots[slot_of(index, level)].load(std::memory_order_acquire);
  }

  Root root_locked() const noexcept REQUIRES(lock_) {
    return Root(root_.load(std::memory_order_relaxed));  // only the lock's holder writes it
  }
  void set_root(Root root) noexcept REQUIRES(lock_) {
    preemption_point(KernelStep::kStore, &root_);
    root_.store(root.word(), std::memory_order_release);  // with find
  }
  Place lowest_free_locked() const noexcept REQUIRES(lock_);
  void insert_locked(std::uint32_t index, void* object, Stock& stock) noexcept REQUIRES(lock_);
  void grow_locked(Stock& stock) noexcept REQUIRES(lock_);
  void shrink_locked() noexcept REQUIRES(lock_);

  const std::uint32_t index_max_;
  std::atomic<std::uintptr_t> root_{0};
  std::atomic<std::size_t> size_{0};
  SpinLock<LockRank::kIdr> lock_;
};

}  // namespace ums::kernel
