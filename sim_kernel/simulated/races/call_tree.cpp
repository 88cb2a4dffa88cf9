// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/races/call_tree.h"

#include <sys/mman.h>

#include <cerrno>

namespace ums::kernel {

namespace {

struct Node {
  const void* from;
  const void* stack;
  CallNode parent;
};

// Open addressing, half full at most: a node's number, or 0.
constexpr std::size_t kSlots = 2 * kCallsMax;

struct Tree {
  Node nodes[kCallsMax];
  CallNode slots[kSlots];
};

Tree* tree = nullptr;  // null: not used yet, or no memory
std::size_t nodes_used = 1;

// Linux gives pages as they are touched.
bool prepare() noexcept {
  if (tree != nullptr) return true;
  const int saved_errno = errno;
  void* const memory = mmap(nullptr, sizeof(Tree), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  errno = saved_errno;
  if (memory == MAP_FAILED) return false;
  tree = static_cast<Tree*>(memory);
  return true;
}

std::size_t hash(CallNode parent, const void* from, const void* stack) noexcept {
  const std::uint64_t mixed = reinterpret_cast<std::uintptr_t>(from) * 31 +
                              reinterpret_cast<std::uintptr_t>(stack) * 17 + parent;
  return mixed * 0x9e3779b97f4a7c15 >> 32;
}

}  // namespace

CallNode call_tree_enter(CallNode caller, const void* from, const void* stack) noexcept {
  if (!prepare()) return kCallRoot;
  while (caller != kCallRoot && tree->nodes[caller].stack <= stack)
    caller = call_tree_leave(caller);
  std::size_t i = hash(caller, from, stack);
  for (;; ++i) {
    CallNode& slot = tree->slots[i % kSlots];
    if (slot == 0) {
      if (nodes_used == kCallsMax) return caller;
      slot = static_cast<CallNode>(nodes_used++);
      tree->nodes[slot] = {from, stack, caller};
      return slot;
    }
    const Node& node = tree->nodes[slot];
    if (node.parent == caller && node.from == from && node.stack == stack) return slot;
  }
}

CallNode call_tree_leave(CallNode node) noexcept {
  return node == kCallRoot ? kCallRoot : tree->nodes[node].parent;
}

std::size_t call_tree_trace(CallNode node, std::span<const void*> frames) noexcept {
  std::size_t depth = 0;
  for (; node != kCallRoot && depth < frames.size(); node = tree->nodes[node].parent) {
    frames[depth++] = tree->nodes[node].from;
  }
  return depth;
}

}  // namespace ums::kernel
