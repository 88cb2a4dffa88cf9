// SPDX-License-Identifier: Apache-2.0
//
// FuseEntries: what Linux holds of a FUSE mount of /proc/ums (Linux: the inodes of a superblock,
// and its open files): the entries that it has looked up and not forgotten, and the files that it
// has open.
//
//     FuseEntry* const entry = entries.look_up(path);     // `ino` of an answer: entry->id()
//     ProcPath path = TRY(entries.path(ino));             // of a request
//     entries.forget(ino, count);
//
// Invariants:
// 1. An entry is found under one number as long as Linux knows it: a folder in which a program
//    stands stays the same folder.
// 2. The number of the mount itself is FUSE's 1, and stands for /proc/ums, whichever tree that is.
// 3. What Linux never gives back, as the mount is gone, goes with this object.
//
// Thread safety: one thread at a time.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <utility>

#include "procfs_emul/proc_file.h"

namespace ums::kernel {

// What is mounted, and where its links come from.
inline constexpr std::string_view kFuseRoot = "/proc/ums";

struct FuseEntry : boost::intrusive::set_base_hook<> {
  explicit FuseEntry(const ProcPath& at) noexcept;

  std::uint64_t id() const noexcept { return reinterpret_cast<std::uintptr_t>(this); }

  // Two paths to one entry are equal.
  using Key = std::pair<const ProcNode*, std::uint64_t>;
  static Key key_of(const ProcPath& path) noexcept { return {&path.node(), path.number()}; }
  struct ByPath {
    using type = Key;
    Key operator()(const FuseEntry& entry) const noexcept { return key_of(entry.path); }
  };

  const ProcPath path;
  std::uint64_t lookups = 0;  // as often will Linux forget it
  timespec since{};           // when Linux got to know it, which is what /proc shows as its times
};

// An open file or folder. A folder remembers what it gave: FUSE's offsets are places in that.
struct FuseOpenFile : boost::intrusive::list_base_hook<> {
  explicit FuseOpenFile(ProcFile* opened) noexcept : file(opened) {}
  ~FuseOpenFile();
  FuseOpenFile(const FuseOpenFile&) = delete;
  FuseOpenFile& operator=(const FuseOpenFile&) = delete;

  // Lets the folder go on at `offset`: 0, or the one behind an entry. Errors: EINVAL.
  Result<void> seek(std::uint64_t offset) noexcept;
  // Notes entries that were given from there on. The offset behind the first is given() + 1 before.
  // Errors: ENOMEM.
  Result<void> note(const ProcDirent* entries, std::size_t count) noexcept;
  std::size_t given() const noexcept { return given_; }

  ProcFile* const file;

 private:
  ProcDirent* places_ = nullptr;
  std::size_t given_ = 0;
  std::size_t room_ = 0;
  std::size_t at_ = 0;  // where `file` stands, as an offset
};

class FuseEntries {
 public:
  FuseEntries() noexcept = default;
  ~FuseEntries();
  FuseEntries(const FuseEntries&) = delete;
  FuseEntries& operator=(const FuseEntries&) = delete;

  // What FUSE's number stands for. Errors: ENOENT (the mount itself, and /proc/ums is gone).
  Result<ProcPath> path(std::uint64_t id) const noexcept;
  // The times that Linux shows of it.
  timespec since(std::uint64_t id) const noexcept;

  // The entry of a path that Linux is about to learn of once more; null: no memory.
  FuseEntry* look_up(const ProcPath& path) noexcept;
  void forget(std::uint64_t id, std::uint64_t count) noexcept;

  // Opens a file or folder for Linux, until close_file. Errors: proc_open's.
  Result<FuseOpenFile*> open_file(const ProcPath& path, int flags) noexcept;
  void close_file(FuseOpenFile* file) noexcept;

 private:
  boost::intrusive::set<FuseEntry, boost::intrusive::key_of_value<FuseEntry::ByPath>> entries_;
  boost::intrusive::list<FuseOpenFile> files_;
  const timespec mounted_ = FuseEntry(ProcPath()).since;
};

}  // namespace ums::kernel
