// SPDX-License-Identifier: Apache-2.0
//
// ProcNode: an entry of the emulated /proc, and the calls by which a module makes its own (Linux:
// struct proc_dir_entry, proc_fs.h).
//
//     ProcNode* const folder = TRY(proc_mkdir("ums", nullptr));             // /proc/ums
//     TRY(proc_create("info", 0444, folder, kInfoOperations, &worker));     // /proc/ums/info
//     proc_remove(folder);                                                  // both are gone
//
// Contents are made when they are read: `show` of a file writes its text. A folder of links is
// computed as a whole, as Linux's /proc/PID/fd is: its entries are numbers, and no node stands for
// them. What reads the tree is in proc_path.h and proc_file.h.
//
// Invariants:
// 1. A folder lists its entries by the length of their names, then by their bytes.
// 2. Operations are called in an RCU read section that finds the node not removed. So `data` must
//    live until a grace period after proc_remove has passed (call_rcu), and no longer.
// 3. A removed node is in no folder, and whoever holds it sees that it is removed. Its memory lives
//    as long as somebody holds it.
// 4. A node that was made before a fork is removed in the child.
//
// Thread safety: all functions, from any thread. One lock (LockRank::kProcTree) guards the shape of
// the tree: procfs is on no fast path.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "procfs_emul/proc_text.h"
#include "sim_kernel/base/result.h"
#include "sim_kernel/lib/refcount.h"

namespace ums::kernel {

inline constexpr std::size_t kProcNameBytesMax = 22;

// What a file shows. Context: an RCU read section; may take locks above LockRank::kProcFile.
struct ProcFileOperations {
  void (*show)(ProcText& text, void* data);
};

// A folder of numbered symbolic links (Linux: proc_fd_inode_operations). Context: as show.
struct ProcLinkOperations {
  // Writes where link `number` leads. Returns false if there is none.
  bool (*target)(ProcText& text, std::uint64_t number, void* data);
  // Stores the lowest `max` numbers above `after` in ascending order. Returns how many there were.
  std::size_t (*list)(std::uint64_t after, std::uint64_t* numbers, std::size_t max, void* data);
};

enum class ProcKind : std::uint8_t { kFolder, kLinkFolder, kFile, kSymlink };

// How a node hangs in its folder. The order of names is invariant 1.
using ProcHook =
    boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>,
                                    boost::intrusive::link_mode<boost::intrusive::normal_link>>;
struct ProcByName {
  bool operator()(const ProcHook& a, const ProcHook& b) const noexcept;
  bool operator()(const ProcHook& a, std::string_view b) const noexcept;
  bool operator()(std::string_view a, const ProcHook& b) const noexcept;
};
using ProcChildren = boost::intrusive::set<ProcHook, boost::intrusive::compare<ProcByName>,
                                           boost::intrusive::constant_time_size<false>>;

struct ProcNode : ProcHook {
  ProcNode(ProcKind what, std::string_view called, mode_t permissions) noexcept;
  ~ProcNode();
  ProcNode(const ProcNode&) = delete;
  ProcNode& operator=(const ProcNode&) = delete;

  std::string_view name() const noexcept { return {name_bytes, name_length}; }
  bool is_folder() const noexcept {
    return kind == ProcKind::kFolder || kind == ProcKind::kLinkFolder;
  }

  // Constant once the node can be found.
  const ProcKind kind;
  const std::uint8_t name_length;
  char name_bytes[kProcNameBytesMax];
  const std::uint32_t ino;         // that of no other node, before or after
  const std::uint32_t generation;  // of the tree: a fork begins a new one
  union {
    const ProcFileOperations* file = nullptr;
    const ProcLinkOperations* links;
    char* target;  // of a symlink, ends with a zero; its own
  };
  void* data = nullptr;

  Refcount refcount;
  std::atomic<mode_t> mode;             // permissions
  std::atomic<unsigned> subfolders{0};  // written under the tree's lock
  std::atomic<bool> removed{false};     // see proc_is_removed

  // Guarded by the tree's lock.
  ProcNode* parent = nullptr;  // of a removed node: the next one to be put
  ProcChildren children;
};

// Makes an entry of `parent`, or of /proc where that is null. It is visible when the call returns.
// Names are not longer than kProcNameBytesMax, and hold no '/'.
// Returns it. Errors: ENOMEM; EEXIST; ENOENT (`parent` is removed).
// Context: may allocate; not in a read section, no lock held that comes after LockRank::kProcTree.
// Ownership: the tree's, until proc_remove: the caller may use the pointer until it removes the
// entry or a folder above it.
Result<ProcNode*> proc_mkdir(std::string_view name, ProcNode* parent) noexcept;
Result<ProcNode*> proc_create(std::string_view name, mode_t mode, ProcNode* parent,
                              const ProcFileOperations& operations, void* data) noexcept;
Result<ProcNode*> proc_symlink(std::string_view name, ProcNode* parent,
                               std::string_view target) noexcept;
Result<ProcNode*> proc_create_links(std::string_view name, ProcNode* parent,
                                    const ProcLinkOperations& operations, void* data) noexcept;

// Takes an entry out, and all that is below it. Null is allowed, and so is an entry that is removed
// already and held, or older than a fork.
// Context: as proc_mkdir, but allocates nothing. Operations may still run until a grace period has
// passed.
void proc_remove(ProcNode* node) noexcept;

// Whether it has been removed. Ordering: acquire, with proc_remove.
bool proc_is_removed(const ProcNode& node) noexcept;

// The folder /proc, which is always there.
ProcNode& proc_root() noexcept;

// In the one thread of a forked child: an empty tree.
void proc_reset_after_fork() noexcept;

// ---- for readers of the tree

// Another reference to a node that the caller holds. proc_put gives one back.
ProcNode* proc_get(ProcNode& node) noexcept;
void proc_put(ProcNode* node) noexcept;

// The entry `name` of a folder, held, or null.
ProcNode* proc_child(ProcNode& folder, std::string_view name) noexcept;
// The first entry behind `name`, which need not be there, held, or null.
ProcNode* proc_child_after(ProcNode& folder, std::string_view name) noexcept;
// The folder that the node is in, held; the root's is itself; null if the node is removed.
ProcNode* proc_parent(ProcNode& node) noexcept;

}  // namespace ums::kernel
