// SPDX-License-Identifier: Apache-2.0
#include "procfs_emul/fuse_entries.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "sim_kernel/mm/kvmalloc.h"
#include "sim_kernel/mm/slab.h"

namespace ums::kernel {

namespace {

constinit ObjectCache<FuseEntry> entry_cache{"fuse_entry"};
constinit ObjectCache<FuseOpenFile> file_cache{"fuse_open_file"};

constexpr std::uint64_t kRootId = 1;  // FUSE_ROOT_ID
constexpr std::size_t kPlacesMin = 16;
constexpr std::size_t kNowhere = SIZE_MAX;  // no offset

FuseEntry& entry_of(std::uint64_t id) noexcept { return *reinterpret_cast<FuseEntry*>(id); }

}  // namespace

FuseEntry::FuseEntry(const ProcPath& at) noexcept : path(at) {
  clock_gettime(CLOCK_REALTIME, &since);
}

FuseOpenFile::~FuseOpenFile() {
  kvfree(places_);
  proc_close(file);
}

Result<void> FuseOpenFile::seek(std::uint64_t offset) noexcept {
  if (offset > given_) return Error{EINVAL};
  if (offset == 0) {
    TRY(proc_lseek(*file, 0, SEEK_SET));
    given_ = 0;  // rewinddir ends all places
  } else if (offset != at_) {
    proc_seek_behind(*file, places_[offset - 1]);
  }
  at_ = offset;
  return {};
}

Result<void> FuseOpenFile::note(const ProcDirent* entries, std::size_t count) noexcept {
  at_ = kNowhere;
  if (given_ + count > room_) {
    const std::size_t room = std::max({kPlacesMin, 2 * room_, given_ + count});
    auto* const places = static_cast<ProcDirent*>(kvmalloc(room * sizeof(ProcDirent)));
    if (places == nullptr) return Error{ENOMEM};
    if (given_ > 0) std::memcpy(places, places_, given_ * sizeof(ProcDirent));
    kvfree(places_);
    places_ = places;
    room_ = room;
  }
  if (count > 0) std::memcpy(places_ + given_, entries, count * sizeof(ProcDirent));
  given_ += count;
  at_ = given_;
  return {};
}

FuseEntries::~FuseEntries() {
  files_.clear_and_dispose([](FuseOpenFile* file) { file_cache.destroy(file); });
  entries_.clear_and_dispose([](FuseEntry* entry) { entry_cache.destroy(entry); });
}

Result<ProcPath> FuseEntries::path(std::uint64_t id) const noexcept {
  if (id != kRootId) return entry_of(id).path;
  Result<ProcPath> root = proc_resolve(ProcPath(), kFuseRoot, ProcFollow::kNo);
  if (!root.ok()) return Error{ENOENT};
  return root;
}

timespec FuseEntries::since(std::uint64_t id) const noexcept {
  return id == kRootId ? mounted_ : entry_of(id).since;
}

FuseEntry* FuseEntries::look_up(const ProcPath& path) noexcept {
  const auto found = entries_.find(FuseEntry::key_of(path));
  FuseEntry* entry = found != entries_.end() ? &*found : nullptr;
  if (entry == nullptr) {
    entry = entry_cache.create(path);
    if (entry == nullptr) return nullptr;
    entries_.insert(*entry);
  }
  ++entry->lookups;
  return entry;
}

void FuseEntries::forget(std::uint64_t id, std::uint64_t count) noexcept {
  if (id == kRootId) return;
  FuseEntry& entry = entry_of(id);
  kassert(entry.lookups >= count, "{} of {} lookups forgotten", count, entry.lookups);
  entry.lookups -= count;
  if (entry.lookups > 0) return;
  entries_.erase(entries_.iterator_to(entry));
  entry_cache.destroy(&entry);
}

Result<FuseOpenFile*> FuseEntries::open_file(const ProcPath& path, int flags) noexcept {
  ProcFile* const opened = TRY(proc_open(path, flags));
  FuseOpenFile* const file = file_cache.create(opened);
  if (file == nullptr) {
    proc_close(opened);
    return Error{ENOMEM};
  }
  files_.push_back(*file);
  return file;
}

void FuseEntries::close_file(FuseOpenFile* file) noexcept {
  files_.erase(files_.iterator_to(*file));
  file_cache.destroy(file);
}

}  // namespace ums::kernel
