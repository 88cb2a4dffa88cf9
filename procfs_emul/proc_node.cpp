// SPDX-License-Identifier: Apache-2.0
#include "procfs_emul/proc_node.h"

#include <cerrno>
#include <cstring>
#include <new>

#include "sim_kernel/base/kassert.h"
#include "sim_kernel/mm/kvmalloc.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/sync/preemption.h"
#include "sim_kernel/sync/spinlock.h"

namespace ums::kernel {

namespace {

constinit ObjectCache<ProcNode> nodes{"proc_node"};
constinit SpinLock<LockRank::kProcTree> tree_lock;
constinit std::atomic<std::uint32_t> tree_generation{0};
constinit std::atomic<std::uint32_t> last_ino{0};

constexpr mode_t kFolderMode = 0555;
constexpr mode_t kSymlinkMode = 0777;
constexpr mode_t kPermissions = 07777;

const ProcNode& node_of(const ProcHook& hook) noexcept {
  return static_cast<const ProcNode&>(hook);
}

bool comes_before(std::string_view a, std::string_view b) noexcept {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// The root's place. It is never destructed: threads may be inside when the process exits.
alignas(ProcNode) unsigned char root_storage[sizeof(ProcNode)];

void make_root() noexcept { new (root_storage) ProcNode(ProcKind::kFolder, "proc", kFolderMode); }

// Links a node that nobody knows yet into its folder. Errors: EEXIST, ENOENT.
Result<void> link_in(ProcNode& node, ProcNode& parent) noexcept {
  SpinGuard guard(tree_lock);
  if (proc_is_removed(parent)) return Error{ENOENT};
  if (!parent.children.insert(node).second) return Error{EEXIST};
  node.parent = &parent;
  if (node.is_folder()) parent.subfolders.fetch_add(1, std::memory_order_relaxed);
  return {};
}

// Gives `made` (null: there was no memory) its contents by prepare(node), and links it in.
template <typename Prepare>
Result<ProcNode*> publish(ProcNode* made, ProcNode* parent, Prepare prepare) noexcept {
  if (made == nullptr) return Error{ENOMEM};
  Result<void> linked = prepare(*made);
  if (linked.ok()) linked = link_in(*made, parent != nullptr ? *parent : proc_root());
  if (!linked.ok()) {
    nodes.destroy(made);
    return linked.error();
  }
  return made;
}

// Takes a node and all below it out of the tree. Returns them linked by `parent`, before `others`.
// Ordering: release, with proc_is_removed.
ProcNode* unlink_locked(ProcNode& node, ProcNode* others) noexcept REQUIRES(tree_lock) {
  while (!node.children.empty()) {
    others = unlink_locked(static_cast<ProcNode&>(*node.children.begin()), others);
  }
  node.parent->children.erase(node.parent->children.iterator_to(node));
  if (node.is_folder()) node.parent->subfolders.fetch_sub(1, std::memory_order_relaxed);
  node.removed.store(true, std::memory_order_release);
  node.parent = others;
  return &node;
}

}  // namespace

bool ProcByName::operator()(const ProcHook& a, const ProcHook& b) const noexcept {
  return comes_before(node_of(a).name(), node_of(b).name());
}
bool ProcByName::operator()(const ProcHook& a, std::string_view b) const noexcept {
  return comes_before(node_of(a).name(), b);
}
bool ProcByName::operator()(std::string_view a, const ProcHook& b) const noexcept {
  return comes_before(a, node_of(b).name());
}

ProcNode::ProcNode(ProcKind what, std::string_view called, mode_t permissions) noexcept
    : kind(what),
      name_length(static_cast<std::uint8_t>(called.size())),
      ino(last_ino.fetch_add(1, std::memory_order_relaxed) + 1),
      generation(tree_generation.load(std::memory_order_relaxed)),
      mode(permissions & kPermissions) {
  kassert(!called.empty() && called.size() <= sizeof name_bytes &&
              called.find('/') == std::string_view::npos,
          "'{}' is no name of an entry of /proc", called);
  std::memcpy(name_bytes, called.data(), called.size());
}

ProcNode::~ProcNode() {
  if (kind == ProcKind::kSymlink) kvfree(target);
}

Result<ProcNode*> proc_mkdir(std::string_view name, ProcNode* parent) noexcept {
  return publish(nodes.create(ProcKind::kFolder, name, kFolderMode), parent,
                 [](ProcNode&) { return Result<void>(); });
}

Result<ProcNode*> proc_create(std::string_view name, mode_t mode, ProcNode* parent,
                              const ProcFileOperations& operations, void* data) noexcept {
  return publish(nodes.create(ProcKind::kFile, name, mode), parent, [&](ProcNode& node) {
    node.file = &operations;
    node.data = data;
    return Result<void>();
  });
}

Result<ProcNode*> proc_symlink(std::string_view name, ProcNode* parent,
                               std::string_view target) noexcept {
  kassert(!target.empty() && target.size() <= kProcTextBytesMax, "a link to {} bytes",
          target.size());
  return publish(nodes.create(ProcKind::kSymlink, name, kSymlinkMode), parent,
                 [&](ProcNode& node) -> Result<void> {
                   node.target = static_cast<char*>(kvmalloc(target.size() + 1));
                   if (node.target == nullptr) return Error{ENOMEM};
                   std::memcpy(node.target, target.data(), target.size());
                   node.target[target.size()] = '\0';
                   return {};
                 });
}

Result<ProcNode*> proc_create_links(std::string_view name, ProcNode* parent,
                                    const ProcLinkOperations& operations, void* data) noexcept {
  return publish(nodes.create(ProcKind::kLinkFolder, name, kFolderMode), parent,
                 [&](ProcNode& node) {
                   node.links = &operations;
                   node.data = data;
                   return Result<void>();
                 });
}

void proc_remove(ProcNode* node) noexcept {
  if (node == nullptr) return;
  kassert(node != &proc_root(), "/proc cannot be removed");
  ProcNode* removed = nullptr;
  {
    SpinGuard guard(tree_lock);
    if (!proc_is_removed(*node)) removed = unlink_locked(*node, nullptr);
  }
  while (removed != nullptr) {
    ProcNode* const next = removed->parent;
    proc_put(removed);
    removed = next;
  }
}

bool proc_is_removed(const ProcNode& node) noexcept {
  preemption_point(KernelStep::kLoad, &node.removed);
  return node.removed.load(std::memory_order_acquire) ||
         node.generation != tree_generation.load(std::memory_order_relaxed);
}

ProcNode& proc_root() noexcept {
  [[maybe_unused]] static const bool made = (make_root(), true);
  return *std::launder(reinterpret_cast<ProcNode*>(root_storage));
}

void proc_reset_after_fork() noexcept {
  proc_root();
  tree_lock.reset_after_fork();
  tree_generation.fetch_add(1, std::memory_order_relaxed);
  make_root();  // over the old one, whose entries are forgotten
}

// The root stays, and a fork makes it anew under those who hold it: it is not counted.
ProcNode* proc_get(ProcNode& node) noexcept {
  if (&node != &proc_root()) node.refcount.inc();
  return &node;
}

void proc_put(ProcNode* node) noexcept {
  if (node != &proc_root() && node->refcount.dec_and_test()) nodes.destroy(node);
}

ProcNode* proc_child(ProcNode& folder, std::string_view name) noexcept {
  SpinGuard guard(tree_lock);
  if (proc_is_removed(folder)) return nullptr;
  const auto found = folder.children.find(name, ProcByName());
  return found == folder.children.end() ? nullptr : proc_get(static_cast<ProcNode&>(*found));
}

ProcNode* proc_child_after(ProcNode& folder, std::string_view name) noexcept {
  SpinGuard guard(tree_lock);
  if (proc_is_removed(folder)) return nullptr;
  const auto found = folder.children.upper_bound(name, ProcByName());
  return found == folder.children.end() ? nullptr : proc_get(static_cast<ProcNode&>(*found));
}

ProcNode* proc_parent(ProcNode& node) noexcept {
  SpinGuard guard(tree_lock);
  if (proc_is_removed(node)) return nullptr;
  return proc_get(node.parent != nullptr ? *node.parent : node);
}

}  // namespace ums::kernel
