// SPDX-License-Identifier: Apache-2.0
//
// Paths of the emulated /proc, and what an entry looks like from outside (Linux: path_lookupat,
// vfs_getattr). Every door to the tree goes through here and proc_file.h.
//
//     ProcPath info = TRY(proc_resolve(ProcPath(), "/proc/ums/17/workers/18/info",
//                                      ProcFollow::kYes));
//     ProcStat status = TRY(proc_stat(info));
//
// Links are followed inside the tree: an absolute target begins with /proc.
//
// Thread safety: functions: any thread. A ProcPath is a plain value that holds its node.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "procfs_emul/proc_node.h"

namespace ums::kernel {

// Where a path leads: a node, or a numbered link of a link folder.
class ProcPath {
 public:
  // /proc itself.
  ProcPath() noexcept : ProcPath(proc_get(proc_root())) {}
  // `held` becomes the path's; `number` of its links, or 0 for the node itself.
  explicit ProcPath(ProcNode* held, std::uint64_t number = 0) noexcept
      : node_(held), number_(number) {}
  ProcPath(const ProcPath& other) noexcept
      : node_(proc_get(*other.node_)), number_(other.number_) {}
  ProcPath(ProcPath&& other) noexcept : ProcPath() { swap(other); }
  ProcPath& operator=(ProcPath other) noexcept {
    swap(other);
    return *this;
  }
  ~ProcPath() { proc_put(node_); }

  ProcNode& node() const noexcept { return *node_; }
  // The number of a computed link of node(); 0 where the node itself is meant.
  std::uint64_t number() const noexcept { return number_; }

  bool is_folder() const noexcept { return number_ == 0 && node_->is_folder(); }
  bool is_symlink() const noexcept { return number_ != 0 || node_->kind == ProcKind::kSymlink; }

 private:
  void swap(ProcPath& other) noexcept {
    std::swap(node_, other.node_);
    std::swap(number_, other.number_);
  }

  ProcNode* node_;
  std::uint64_t number_;
};

// Whether a link at the end of a path is followed.
enum class ProcFollow : std::uint8_t { kNo, kYes };

// Where `path` leads, from `base` if it is relative. Errors: ENOENT; ENOTDIR; ELOOP; ENAMETOOLONG;
// EXDEV: the path leads out of this tree, into the rest of /proc or elsewhere on the host.
// Context: not in a read section, no lock held.
Result<ProcPath> proc_resolve(const ProcPath& base, std::string_view path,
                              ProcFollow follow) noexcept;

struct ProcStat {
  std::uint64_t ino;
  std::uint32_t mode;  // with the type, as st_mode
  std::uint32_t nlink;
  std::uint64_t size;  // 0 but for links
  std::uint32_t uid;   // who runs the kernel
  std::uint32_t gid;
};

// Errors: ENOENT: a computed link is gone. A removed node answers as before, as an open file that
// was unlinked does.
Result<ProcStat> proc_stat(const ProcPath& path) noexcept;

// Writes where a link leads. Errors: EINVAL (no link), ENOENT (gone).
Result<void> proc_readlink(const ProcPath& path, ProcText& target) noexcept;

// The absolute path of an entry. Errors: ENOENT: it is removed.
Result<void> proc_absolute(const ProcPath& path, ProcText& text) noexcept;

// Sets the permissions that proc_stat shows; they keep nobody out, as the files are one user's.
// Errors: EOPNOTSUPP (a link).
Result<void> proc_chmod(const ProcPath& path, mode_t mode) noexcept;

// Why no program can remove an entry: EPERM, or proc_resolve's error.
Error proc_unlink(const ProcPath& base, std::string_view path) noexcept;

// Why no program can make one: EEXIST if there is one; else ENOENT, or proc_resolve's error.
Error proc_make(const ProcPath& base, std::string_view path) noexcept;

// The number of the computed link `number` of a folder, as proc_stat shows it.
std::uint64_t proc_link_ino(const ProcNode& folder, std::uint64_t number) noexcept;

}  // namespace ums::kernel
