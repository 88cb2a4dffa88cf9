// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/lib/idr_tree.h"

#include <array>
#include <bit>
#include <boost/intrusive/parent_from_member.hpp>
#include <cerrno>

#include "sim_kernel/mm/slab.h"

namespace ums::kernel {

namespace {

constexpr unsigned kLevels = 6;  // 36 bits of index, of which ids use 31
constexpr std::uint64_t kAllFull = ~std::uint64_t{0};

constinit ObjectCache<IdrNode> nodes{"idr_node"};

std::uint64_t bit(unsigned slot) noexcept { return std::uint64_t{1} << slot; }

// The lowest slot of `node` with a free index beneath. There is one.
unsigned free_slot(const IdrNode& node) noexcept {
  return static_cast<unsigned>(std::countr_one(node.full));
}

void free_after_grace_period(IdrNode* node) noexcept {
  call_rcu(&node->rcu, [](RcuHead* head) {
    nodes.destroy(boost::intrusive::get_parent_from_member(head, &IdrNode::rcu));
  });
}

}  // namespace

// Nodes allocated before the lock is taken, as many as the next insertion needs. What it leaves
// goes back.
class IdrTree::Stock {
 public:
  Stock() noexcept = default;
  Stock(const Stock&) = delete;
  Stock& operator=(const Stock&) = delete;
  ~Stock() {
    while (count_ > 0) nodes.destroy(take());
  }

  unsigned count() const noexcept { return count_; }

  // Returns false if there is no memory.
  bool fill(unsigned count) noexcept {
    while (count_ < count) {
      IdrNode* const node = nodes.create();
      if (node == nullptr) return false;
      nodes_[count_++] = node;
    }
    return true;
  }

  IdrNode* take() noexcept { return nodes_[--count_]; }

 private:
  std::array<IdrNode*, kLevels + 1> nodes_;
  unsigned count_ = 0;
};

IdrTree::IdrTree(int id_max) noexcept : index_max_(static_cast<std::uint32_t>(id_max) - 1) {
  kassert(id_max > 0, "ids from 1 to {}", id_max);
}

IdrTree::~IdrTree() {
  for (int id = 0; next(id) != nullptr;) remove(id);
}

std::size_t IdrTree::nodes_live() noexcept { return nodes.live(); }

Result<int> IdrTree::alloc(void* object) noexcept {
  kassert(object != nullptr, "an id for nothing");
  Stock stock;
  for (;;) {
    unsigned nodes_needed = 0;
    {
      SpinGuard guard(lock_);
      const Place place = lowest_free_locked();
      if (place.index > index_max_) return Error{ENOSPC};
      if (place.nodes_needed <= stock.count()) {
        insert_locked(static_cast<std::uint32_t>(place.index), object, stock);
        return static_cast<int>(place.index + 1);
      }
      nodes_needed = place.nodes_needed;
    }
    if (!stock.fill(nodes_needed)) return Error{ENOMEM};
  }
}

IdrTree::Place IdrTree::lowest_free_locked() const noexcept {
  const Root root = root_locked();
  if (root.word() == 0) return {0, 1};
  if (root.node()->full == kAllFull) {
    // A root above this one, and beneath its second slot a node of each level.
    return {std::uint64_t{1} << ((root.level() + 1) * IdrNode::kBits), root.level() + 2};
  }
  const IdrNode* node = root.node();
  std::uint64_t index = 0;
  for (unsigned level = root.level();; --level) {
    const unsigned slot = free_slot(*node);
    index |= std::uint64_t{slot} << (level * IdrNode::kBits);
    if (level == 0) return {index, 0};
    if ((node->present & bit(slot)) == 0) return {index, level};
    node = static_cast<const IdrNode*>(node->slots[slot].load(std::memory_order_relaxed));
  }
}

// Each store of a pointer is a release, for find: a node is complete before it can be reached.
void IdrTree::insert_locked(std::uint32_t index, void* object, Stock& stock) noexcept {
  if (!root_locked().covers(index)) grow_locked(stock);
  const Root root = root_locked();
  std::array<IdrNode*, kLevels> path;
  path[root.level()] = root.node();
  for (unsigned level = root.level(); level > 0; --level) {
    IdrNode& node = *path[level];
    const unsigned slot = slot_of(index, level);
    if ((node.present & bit(slot)) == 0) {
      IdrNode* const child = stock.take();
      preemption_point(KernelStep::kStore, &node.slots[slot]);
      node.slots[slot].store(child, std::memory_order_release);
      node.present |= bit(slot);
    }
    path[level - 1] = static_cast<IdrNode*>(node.slots[slot].load(std::memory_order_relaxed));
  }
  const unsigned slot = slot_of(index, 0);
  preemption_point(KernelStep::kStore, &path[0]->slots[slot]);
  path[0]->slots[slot].store(object, std::memory_order_release);
  path[0]->present |= bit(slot);
  path[0]->full |= bit(slot);
  for (unsigned level = 1; level <= root.level() && path[level - 1]->full == kAllFull; ++level) {
    path[level]->full |= bit(slot_of(index, level));
  }
  size_.fetch_add(1, std::memory_order_relaxed);
}

// Puts a new root above the old one, which is full, or makes the first.
void IdrTree::grow_locked(Stock& stock) noexcept {
  const Root old = root_locked();
  IdrNode* const node = stock.take();
  if (old.word() == 0) {
    set_root(Root(node, 0));
    return;
  }
  node->slots[0].store(old.node(), std::memory_order_relaxed);  // set_root publishes it
  node->present = 1;
  node->full = 1;
  set_root(Root(node, old.level() + 1));
}

void* IdrTree::remove(int id) noexcept {
  const auto index = static_cast<std::uint32_t>(id) - 1;
  SpinGuard guard(lock_);
  const Root root = root_locked();
  if (!root.covers(index)) return nullptr;
  std::array<IdrNode*, kLevels> path;
  path[root.level()] = root.node();
  for (unsigned level = root.level(); level > 0; --level) {
    path[level - 1] = static_cast<IdrNode*>(load_slot(*path[level], index, level));
    if (path[level - 1] == nullptr) return nullptr;
  }
  void* const object = load_slot(*path[0], index, 0);
  if (object == nullptr) return nullptr;
  bool empty = true;  // what the slot led to
  for (unsigned level = 0; level <= root.level(); ++level) {
    IdrNode& node = *path[level];
    const unsigned slot = slot_of(index, level);
    node.full &= ~bit(slot);
    if (empty) {
      if (level > 0) free_after_grace_period(path[level - 1]);
      preemption_point(KernelStep::kStore, &node.slots[slot]);
      node.slots[slot].store(nullptr, std::memory_order_relaxed);  // publishes nothing
      node.present &= ~bit(slot);
    }
    empty = node.present == 0;
  }
  shrink_locked();
  size_.fetch_sub(1, std::memory_order_relaxed);
  return object;
}

// Takes away roots that have nothing, or nothing but a first slot. A reader that began at the old
// root finds its way on through that slot, which stays.
void IdrTree::shrink_locked() noexcept {
  for (;;) {
    const Root root = root_locked();
    IdrNode* const node = root.node();
    if (node->present == 0) {
      set_root(Root(nullptr, 0));
      free_after_grace_period(node);
      return;
    }
    if (root.level() == 0 || node->present != 1) return;
    void* const child = node->slots[0].load(std::memory_order_relaxed);
    set_root(Root(static_cast<IdrNode*>(child), root.level() - 1));
    free_after_grace_period(node);
  }
}

void* IdrTree::next(int& id) const noexcept {
  std::uint64_t index = static_cast<std::uint32_t>(id);  // of id + 1
  for (;;) {
    const Root root(root_.load(std::memory_order_acquire));  // with set_root
    if (index > index_max_ || !root.covers(static_cast<std::uint32_t>(index))) return nullptr;
    void* found = root.node();
    unsigned level = root.level() + 1;
    while (level > 0 && found != nullptr) {
      --level;
      found = load_slot(*static_cast<IdrNode*>(found), static_cast<std::uint32_t>(index), level);
    }
    if (found != nullptr) {
      id = static_cast<int>(index + 1);
      return found;
    }
    // Nothing beneath that slot of `level`: to the next one.
    const unsigned shift = level * IdrNode::kBits;
    index = ((index >> shift) + 1) << shift;
  }
}

}  // namespace ums::kernel
