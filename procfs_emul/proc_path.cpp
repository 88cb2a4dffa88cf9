// SPDX-License-Identifier: Apache-2.0
#include "procfs_emul/proc_path.h"

#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/sync/rcu.h"

namespace ums::kernel {

namespace {

constexpr int kLinksMax = 40;  // Linux: MAXSYMLINKS

// The number that a name of a link folder spells, or 0.
std::uint64_t number_of(std::string_view name) noexcept {
  std::uint64_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  const bool whole = error == std::errc() && stop == end && name.front() != '0';
  return whole ? number : 0;
}

// Where link `number` of a folder leads. Errors: ENOENT.
Result<void> link_target(const ProcNode& folder, std::uint64_t number, ProcText& target) noexcept {
  target.clear();
  RcuReadGuard guard;
  if (number == 0 || proc_is_removed(folder) ||
      !folder.links->target(target, number, folder.data)) {
    return Error{ENOENT};
  }
  return {};
}

// A path on its way: where it has come to, and what is left of it.
class Walk {
 public:
  explicit Walk(const ProcPath& base) noexcept : at_(base) {}

  Result<ProcPath> run(std::string_view path, ProcFollow follow) noexcept {
    if (path.empty()) return Error{ENOENT};
    if (path.size() >= PATH_MAX) return Error{ENAMETOOLONG};
    TRY(begin(path));
    while (!rest_.empty()) TRY(step(follow));
    if (&at_.node() == &proc_root()) return Error{EXDEV};
    if (folder_wanted_ && !at_.is_folder()) return Error{ENOTDIR};
    return at_;
  }

 private:
  void skip_slashes() noexcept {
    const std::size_t slashes = rest_.find_first_not_of('/');
    rest_.remove_prefix(slashes == std::string_view::npos ? rest_.size() : slashes);
  }

  // Whether `path` is /proc or below it.
  static bool is_below_proc(std::string_view path) noexcept {
    constexpr std::string_view kProc = "proc";
    return path.starts_with(kProc) && (path.size() == kProc.size() || path[kProc.size()] == '/');
  }

  Result<void> begin(std::string_view path) noexcept {
    rest_ = path;
    folder_wanted_ = path.back() == '/';
    if (path.front() != '/') return {};
    skip_slashes();
    if (!is_below_proc(rest_)) return Error{EXDEV};
    rest_.remove_prefix(std::string_view("proc").size());
    skip_slashes();
    at_ = ProcPath();
    return {};
  }

  // The next name of the path.
  Result<void> step(ProcFollow follow) noexcept {
    if (!at_.is_folder()) return Error{ENOTDIR};
    const std::string_view name = rest_.substr(0, rest_.find('/'));
    rest_.remove_prefix(name.size());
    skip_slashes();
    if (name == ".")
      return proc_is_removed(at_.node()) ? Result<void>(Error{ENOENT}) : Result<void>();
    if (name == "..") return up();
    ProcPath next = TRY(enter(name));
    const bool last = rest_.empty();
    if (next.is_symlink() && (!last || folder_wanted_ || follow == ProcFollow::kYes)) {
      return follow_link(next);
    }
    at_ = std::move(next);
    return {};
  }

  Result<void> up() noexcept {
    if (&at_.node() == &proc_root()) return Error{EXDEV};
    ProcNode* const parent = proc_parent(at_.node());
    if (parent == nullptr) return Error{ENOENT};
    at_ = ProcPath(parent);
    return {};
  }

  Result<ProcPath> enter(std::string_view name) noexcept {
    if (name.size() > NAME_MAX) return Error{ENAMETOOLONG};
    ProcNode& folder = at_.node();
    if (folder.kind == ProcKind::kLinkFolder) {
      const std::uint64_t number = number_of(name);
      TRY(link_target(folder, number, target_));
      return ProcPath(proc_get(folder), number);
    }
    ProcNode* const child = proc_child(folder, name);
    if (child != nullptr) return ProcPath(child);
    // The rest of /proc is the host's.
    return Error{&folder == &proc_root() ? EXDEV : ENOENT};
  }

  // Goes on with the target of a link, and then with the rest.
  Result<void> follow_link(const ProcPath& link) noexcept {
    if (++links_ > kLinksMax) return Error{ELOOP};
    TRY(proc_readlink(link, target_));
    const std::size_t length = target_.size();
    if (length + 1 + rest_.size() + 1 > sizeof path_) return Error{ENAMETOOLONG};
    if (!rest_.empty()) std::memmove(path_ + length + 1, rest_.data(), rest_.size());
    std::memcpy(path_, target_.view().data(), length);
    path_[length] = '/';
    const bool folder_wanted = folder_wanted_;
    const std::size_t whole = rest_.empty() ? length : length + 1 + rest_.size();
    TRY(begin({path_, whole}));
    folder_wanted_ = folder_wanted_ || folder_wanted;
    return {};
  }

  ProcPath at_;
  std::string_view rest_;  // of the caller's path, or in path_
  bool folder_wanted_ = false;
  int links_ = 0;
  ProcText target_;
  char path_[2 * kProcTextBytesMax];
};

std::uint32_t type_of(const ProcPath& path) noexcept {
  if (path.is_symlink()) return S_IFLNK;
  return path.is_folder() ? S_IFDIR : S_IFREG;
}

}  // namespace

std::uint64_t proc_link_ino(const ProcNode& folder, std::uint64_t number) noexcept {
  return std::uint64_t{folder.ino} << 32 | (number & UINT32_MAX);
}

Result<ProcPath> proc_resolve(const ProcPath& base, std::string_view path,
                              ProcFollow follow) noexcept {
  return Walk(base).run(path, follow);
}

Result<ProcStat> proc_stat(const ProcPath& path) noexcept {
  ProcStat status{};
  const ProcNode& node = path.node();
  if (path.is_symlink()) {
    ProcText target;
    TRY(proc_readlink(path, target));
    status.size = target.size();
  }
  const mode_t permissions =
      path.number() != 0 ? mode_t{0777} : node.mode.load(std::memory_order_relaxed);
  status.ino = path.number() != 0 ? proc_link_ino(node, path.number()) : node.ino;
  status.mode = type_of(path) | permissions;
  status.nlink = path.is_folder() ? 2 + node.subfolders.load(std::memory_order_relaxed) : 1;
  status.uid = static_cast<std::uint32_t>(raw_syscall(SYS_geteuid));
  status.gid = static_cast<std::uint32_t>(raw_syscall(SYS_getegid));
  return status;
}

Result<void> proc_readlink(const ProcPath& path, ProcText& target) noexcept {
  if (!path.is_symlink()) return Error{EINVAL};
  if (path.number() != 0) return link_target(path.node(), path.number(), target);
  target.clear();
  target.print("{}", static_cast<const char*>(path.node().target));
  return {};
}

Result<void> proc_absolute(const ProcPath& path, ProcText& text) noexcept {
  std::string_view names[kLinksMax];
  ProcPath above[kLinksMax];
  int depth = 0;
  for (ProcPath at(proc_get(path.node())); &at.node() != &proc_root(); ++depth) {
    kassert(depth < kLinksMax, "{} folders deep", depth);
    names[depth] = at.node().name();
    above[depth] = at;
    ProcNode* const parent = proc_parent(at.node());
    if (parent == nullptr) return Error{ENOENT};
    at = ProcPath(parent);
  }
  text.clear();
  text.print("/proc");
  while (depth > 0) text.print("/{}", names[--depth]);
  if (path.number() != 0) text.print("/{}", path.number());
  return {};
}

Result<void> proc_chmod(const ProcPath& path, mode_t mode) noexcept {
  if (path.is_symlink()) return Error{EOPNOTSUPP};
  path.node().mode.store(mode & 07777, std::memory_order_relaxed);
  return {};
}

Error proc_unlink(const ProcPath& base, std::string_view path) noexcept {
  const Result<ProcPath> found = proc_resolve(base, path, ProcFollow::kNo);
  return found.ok() ? Error{EPERM} : found.error();
}

Error proc_make(const ProcPath& base, std::string_view path) noexcept {
  const Result<ProcPath> found = proc_resolve(base, path, ProcFollow::kNo);
  return found.ok() ? Error{EEXIST} : found.error();
}

}  // namespace ums::kernel
