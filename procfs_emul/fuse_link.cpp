// SPDX-License-Identifier: Apache-2.0
#include "procfs_emul/fuse_link.h"

#include <cerrno>
#include <optional>
#include <string_view>

#include "procfs_emul/fuse_entries.h"

namespace ums::kernel {

namespace {

// What of an absolute path is below /proc/ums, without a '/' before it. Nothing: it is elsewhere.
std::optional<std::string_view> below_root(std::string_view path) noexcept {
  if (!path.starts_with(kFuseRoot)) return std::nullopt;
  path.remove_prefix(kFuseRoot.size());
  if (path.empty()) return path;
  if (path.front() != '/') return std::nullopt;
  return path.substr(1);
}

// Takes the first name, and the '/' behind it, off a path.
std::string_view next_name(std::string_view& path) noexcept {
  const std::string_view name = path.substr(0, path.find('/'));
  path.remove_prefix(name.size() < path.size() ? name.size() + 1 : name.size());
  return name;
}

// Writes the way from the folder of `link` to `target`, both below the root.
void print_way(std::string_view link, std::string_view target, ProcText& way) noexcept {
  for (;;) {  // the folders above both
    std::string_view from = link;
    std::string_view to = target;
    const std::string_view folder = next_name(from);
    if (from.empty() || folder != next_name(to)) break;
    link = from;
    target = to;
  }
  for (next_name(link); !link.empty(); next_name(link)) way.print("../");
  way.print("{}", target.empty() ? "." : target);
}

}  // namespace

Result<void> fuse_link_target(const ProcPath& link, ProcText& target) noexcept {
  TRY(proc_readlink(link, target));
  const ProcText absolute = target;
  const auto to = below_root(absolute.view());
  if (!to) return {};
  ProcText place;
  TRY(proc_absolute(link, place));
  const auto from = below_root(place.view());
  if (!from) return Error{ENOENT};
  target.clear();
  print_way(*from, *to, target);
  if (target.overflowed()) return Error{ENAMETOOLONG};
  return {};
}

}  // namespace ums::kernel
