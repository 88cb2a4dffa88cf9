// SPDX-License-Identifier: Apache-2.0
#include "procfs_emul/proc_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "sim_kernel/mm/slab.h"
#include "sim_kernel/mm/user_copy.h"
#include "sim_kernel/sync/rcu.h"

namespace ums::kernel {

namespace {

constinit ObjectCache<ProcFile> files{"proc_file"};

// How many numbers a link folder is asked for at once.
constexpr std::size_t kNumbersMax = 64;

// "." and "..", the first entries of a folder.
constexpr std::uint64_t kDots = 2;

// Makes the text anew. Errors: EIO.
Result<void> show_locked(ProcFile& file) noexcept REQUIRES(file.lock) {
  const ProcNode& node = file.path.node();
  file.text.clear();
  RcuReadGuard guard;
  if (proc_is_removed(node)) return Error{EIO};
  node.file->show(file.text, node.data);
  kassert(!file.text.overflowed(), "the text of {} is longer than {} bytes", node.name(),
          kProcTextBytesMax);
  return {};
}

// Copies what the text has at `offset` into `part`. Returns how much.
Result<std::size_t> part_locked(ProcFile& file, std::uint64_t offset, char* part,
                                std::size_t bytes) noexcept REQUIRES(file.lock) {
  if (offset == 0 || file.text.size() == 0) TRY(show_locked(file));
  if (offset >= file.text.size()) return std::size_t{0};
  const std::size_t count = std::min<std::size_t>(bytes, file.text.size() - offset);
  std::memcpy(part, file.text.view().data() + offset, count);
  return count;
}

// `offset` null: at the position, which moves on.
Result<std::size_t> read_at(ProcFile& file, UserPtr<void> to, std::size_t bytes,
                            const std::uint64_t* offset) noexcept {
  if ((file.flags & O_ACCMODE) == O_WRONLY) return Error{EBADF};
  if (file.path.is_folder()) return Error{EISDIR};
  if (proc_is_removed(file.path.node())) return Error{EIO};
  char part[kProcTextBytesMax];
  std::uint64_t begin = 0;
  std::size_t count = 0;
  {
    SpinGuard guard(file.lock);
    begin = offset != nullptr ? *offset : file.position;
    count = TRY(part_locked(file, begin, part, bytes));
    if (offset == nullptr) file.position = begin + count;
  }
  if (count == 0 || copy_to_user(to, part, count) == 0) return count;
  if (offset == nullptr) {
    SpinGuard guard(file.lock);
    file.position = begin;
  }
  return Error{EACCES};
}

unsigned char type_of(const ProcNode& node) noexcept {
  if (node.is_folder()) return DT_DIR;
  return node.kind == ProcKind::kSymlink ? DT_LNK : DT_REG;
}

void set_name(ProcDirent& entry, std::string_view name) noexcept {
  std::memcpy(entry.name, name.data(), name.size());
  entry.name[name.size()] = '\0';
}

// "." or "..".
void dots_locked(ProcFile& file, ProcDirent& entry) noexcept REQUIRES(file.lock) {
  ProcNode& node = file.path.node();
  ProcNode* const parent = file.position == 0 ? nullptr : proc_parent(node);
  entry.ino = parent != nullptr ? parent->ino : node.ino;
  entry.type = DT_DIR;
  set_name(entry, file.position == 0 ? "." : "..");
  if (parent != nullptr) proc_put(parent);
}

// The next entry of a folder of nodes. Returns false at the end.
bool next_child_locked(ProcFile& file, ProcDirent& entry) noexcept REQUIRES(file.lock) {
  ProcNode* const child =
      proc_child_after(file.path.node(), {file.last_name, file.last_name_length});
  if (child == nullptr) return false;
  entry.ino = child->ino;
  entry.type = type_of(*child);
  set_name(entry, child->name());
  file.last_name_length = child->name_length;
  std::memcpy(file.last_name, child->name_bytes, child->name_length);
  proc_put(child);
  return true;
}

// Entries of a link folder. Returns how many.
std::size_t links_locked(ProcFile& file, ProcDirent* entries, std::size_t max) noexcept
    REQUIRES(file.lock) {
  const ProcNode& node = file.path.node();
  std::uint64_t numbers[kNumbersMax];
  std::size_t count = 0;
  {
    RcuReadGuard guard;
    if (proc_is_removed(node)) return 0;
    count = node.links->list(file.last_number, numbers, std::min(max, kNumbersMax), node.data);
  }
  for (std::size_t i = 0; i < count; ++i) {
    entries[i].ino = proc_link_ino(node, numbers[i]);
    entries[i].position = file.position++;
    entries[i].type = DT_LNK;
    const auto end = fmt::format_to_n(entries[i].name, kProcNameBytesMax, "{}", numbers[i]);
    *end.out = '\0';
    file.last_number = numbers[i];
  }
  return count;
}

// The next entries. Returns how many, at least one unless the end is reached.
std::size_t next_entries_locked(ProcFile& file, ProcDirent* entries, std::size_t max) noexcept
    REQUIRES(file.lock) {
  if (file.position >= kDots && file.path.node().kind == ProcKind::kLinkFolder) {
    return links_locked(file, entries, max);
  }
  if (file.position < kDots) {
    dots_locked(file, entries[0]);
  } else if (!next_child_locked(file, entries[0])) {
    return 0;
  }
  entries[0].position = file.position++;
  return 1;
}

}  // namespace

Result<ProcFile*> proc_open(const ProcPath& base, std::string_view path, int flags) noexcept {
  const bool exclusive = (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0;
  const bool follow = !exclusive && (flags & O_NOFOLLOW) == 0;
  const ProcPath found = TRY(proc_resolve(base, path, follow ? ProcFollow::kYes : ProcFollow::kNo));
  if (exclusive) return Error{EEXIST};
  return proc_open(found, flags);
}

Result<ProcFile*> proc_open(const ProcPath& found, int flags) noexcept {
  if (found.is_symlink()) return Error{(flags & O_DIRECTORY) != 0 ? ENOTDIR : ELOOP};
  const bool for_reading = (flags & O_ACCMODE) == O_RDONLY && (flags & O_CREAT) == 0;
  if (found.is_folder() && !for_reading) return Error{EISDIR};
  if (!found.is_folder() && (flags & O_DIRECTORY) != 0) return Error{ENOTDIR};
  if (!found.is_folder() && proc_is_removed(found.node())) return Error{ENOENT};
  ProcFile* const file = files.create(found, flags);
  if (file == nullptr) return Error{ENOMEM};
  return file;
}

void proc_close(ProcFile* file) noexcept { files.destroy(file); }

Result<std::size_t> proc_read(ProcFile& file, UserPtr<void> to, std::size_t bytes) noexcept {
  return read_at(file, to, bytes, nullptr);
}

Result<std::size_t> proc_pread(ProcFile& file, UserPtr<void> to, std::size_t bytes,
                               off_t offset) noexcept {
  if (offset < 0) return Error{EINVAL};
  const auto from = static_cast<std::uint64_t>(offset);
  return read_at(file, to, bytes, &from);
}

Error proc_write(const ProcFile& file) noexcept {
  return Error{(file.flags & O_ACCMODE) == O_RDONLY ? EBADF : EIO};
}

Result<off_t> proc_lseek(ProcFile& file, off_t offset, int whence) noexcept {
  if (!file.path.is_folder()) return Error{ESPIPE};
  if (whence != SEEK_SET || offset != 0) return Error{EINVAL};
  if (proc_is_removed(file.path.node())) return off_t{0};
  SpinGuard guard(file.lock);
  file.position = 0;
  file.last_number = 0;
  file.last_name_length = 0;
  return off_t{0};
}

short proc_poll(const ProcFile&, short events) noexcept {
  return static_cast<short>(events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM));
}

Result<std::size_t> proc_readdir(ProcFile& file, ProcDirent* entries, std::size_t max) noexcept {
  if (!file.path.is_folder()) return Error{ENOTDIR};
  if (proc_is_removed(file.path.node())) return std::size_t{0};
  SpinGuard guard(file.lock);
  std::size_t count = 0;
  while (count < max) {
    const std::size_t more = next_entries_locked(file, entries + count, max - count);
    if (more == 0) break;
    count += more;
  }
  return count;
}

void proc_seek_behind(ProcFile& folder, const ProcDirent& entry) noexcept {
  const std::string_view name = entry.position < kDots ? "" : entry.name;
  SpinGuard guard(folder.lock);
  folder.position = entry.position + 1;
  folder.last_number = 0;
  folder.last_name_length = name.size();
  std::memcpy(folder.last_name, name.data(), name.size());
  if (entry.type == DT_LNK)
    std::from_chars(name.data(), name.data() + name.size(), folder.last_number);
}

}  // namespace ums::kernel
