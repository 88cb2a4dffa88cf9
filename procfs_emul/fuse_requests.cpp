// SPDX-License-Identifier: Apache-2.0
#include "procfs_emul/fuse_requests.h"

#define FUSE_USE_VERSION 35
#include <dirent.h>
#include <fuse3/fuse_lowlevel.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <span>

#include "procfs_emul/fuse_entries.h"
#include "procfs_emul/fuse_link.h"

namespace ums::kernel {

namespace {

constexpr blksize_t kBlockBytes = 1024;  // as Linux's /proc
constexpr std::size_t kPageBytesOfFs = 4096;

FuseEntries& entries_of(fuse_req_t request) noexcept {
  return *static_cast<FuseEntries*>(fuse_req_userdata(request));
}

FuseOpenFile& open_file(const fuse_file_info* info) noexcept {
  return *reinterpret_cast<FuseOpenFile*>(info->fh);
}

void answer(fuse_req_t request, const Result<void>& result) noexcept {
  fuse_reply_err(request, result.error_code());
}

// Answers with the error of answering(), unless that has answered.
template <typename Answering>
void answer_or_fail(fuse_req_t request, Answering answering) noexcept {
  const Result<void> result = answering();
  if (!result.ok()) answer(request, result);
}

// What stat(2) shows of an entry. Errors: as proc_stat.
Result<struct stat> status_of(const ProcPath& path, timespec since) noexcept {
  const ProcStat from = TRY(proc_stat(path));
  struct stat status {};
  status.st_ino = from.ino;
  status.st_mode = from.mode;
  status.st_nlink = from.nlink;
  status.st_uid = from.uid;
  status.st_gid = from.gid;
  status.st_size = static_cast<off_t>(from.size);
  if (path.is_symlink()) {
    ProcText target;
    TRY(fuse_link_target(path, target));
    status.st_size = static_cast<off_t>(target.size());
  }
  status.st_blksize = kBlockBytes;
  status.st_atim = status.st_mtim = status.st_ctim = since;
  return status;
}

Result<void> answer_status(fuse_req_t request, fuse_ino_t ino) noexcept {
  const FuseEntries& entries = entries_of(request);
  const ProcPath path = TRY(entries.path(ino));
  const struct stat status = TRY(status_of(path, entries.since(ino)));
  fuse_reply_attr(request, &status, 0);
  return {};
}

// ---- names

Result<void> answer_lookup(fuse_req_t request, fuse_ino_t folder, const char* name) noexcept {
  FuseEntries& entries = entries_of(request);
  const ProcPath base = TRY(entries.path(folder));
  const ProcPath found = TRY(proc_resolve(base, name, ProcFollow::kNo));
  FuseEntry* const entry = entries.look_up(found);
  if (entry == nullptr) return Error{ENOMEM};
  fuse_entry_param answer{};
  answer.ino = entry->id();
  Result<struct stat> status = status_of(found, entry->since);
  if (status.ok()) answer.attr = status.value();
  // An answer that does not arrive is no lookup.
  if (!status.ok() || fuse_reply_entry(request, &answer) != 0) entries.forget(answer.ino, 1);
  if (!status.ok()) return status.error();
  return {};
}

void lookup(fuse_req_t request, fuse_ino_t folder, const char* name) {
  answer_or_fail(request, [&] { return answer_lookup(request, folder, name); });
}

void forget(fuse_req_t request, fuse_ino_t ino, std::uint64_t count) {
  entries_of(request).forget(ino, count);
  fuse_reply_none(request);
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
  for (std::size_t i = 0; i < count; ++i) {
    entries_of(request).forget(forgets[i].ino, forgets[i].nlookup);
  }
  fuse_reply_none(request);
}

void make(fuse_req_t request, fuse_ino_t folder, const char* name) noexcept {
  answer_or_fail(request, [&]() -> Result<void> {
    const ProcPath base = TRY(entries_of(request).path(folder));
    return proc_make(base, name);
  });
}

void create(fuse_req_t request, fuse_ino_t folder, const char* name, mode_t, fuse_file_info*) {
  make(request, folder, name);
}
void mknod(fuse_req_t request, fuse_ino_t folder, const char* name, mode_t, dev_t) {
  make(request, folder, name);
}
void mkdir(fuse_req_t request, fuse_ino_t folder, const char* name, mode_t) {
  make(request, folder, name);
}
void symlink(fuse_req_t request, const char*, fuse_ino_t folder, const char* name) {
  make(request, folder, name);
}
void link(fuse_req_t request, fuse_ino_t, fuse_ino_t folder, const char* name) {
  make(request, folder, name);
}

void unlink(fuse_req_t request, fuse_ino_t folder, const char* name) {
  answer_or_fail(request, [&]() -> Result<void> {
    const ProcPath base = TRY(entries_of(request).path(folder));
    return proc_unlink(base, name);
  });
}

void rename(fuse_req_t request, fuse_ino_t folder, const char* name, fuse_ino_t, const char*,
            unsigned) {
  unlink(request, folder, name);
}

void readlink(fuse_req_t request, fuse_ino_t ino) {
  answer_or_fail(request, [&]() -> Result<void> {
    const ProcPath path = TRY(entries_of(request).path(ino));
    ProcText target;
    TRY(fuse_link_target(path, target));
    char text[kProcTextBytesMax + 1] = {};
    std::memcpy(text, target.view().data(), target.size());
    fuse_reply_readlink(request, text);
    return {};
  });
}

// ---- attributes

void getattr(fuse_req_t request, fuse_ino_t ino, fuse_file_info*) {
  answer_or_fail(request, [&] { return answer_status(request, ino); });
}

// Sets the mode. The size stays 0, and the times what they are, as in Linux's /proc. A mode that
// comes with a size or an owner is no chmod: Linux takes the set-user-id bit away, and the door in
// process does not. Errors: EPERM: another owner.
Result<void> set_attributes(const ProcPath& path, const struct stat& wanted, int which) noexcept {
  const ProcStat now = TRY(proc_stat(path));
  if ((which & FUSE_SET_ATTR_UID) != 0 && wanted.st_uid != now.uid) return Error{EPERM};
  if ((which & FUSE_SET_ATTR_GID) != 0 && wanted.st_gid != now.gid) return Error{EPERM};
  constexpr int kOthers = FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID;
  if ((which & (FUSE_SET_ATTR_MODE | kOthers)) != FUSE_SET_ATTR_MODE) return {};
  return proc_chmod(path, wanted.st_mode);
}

void setattr(fuse_req_t request, fuse_ino_t ino, struct stat* wanted, int which, fuse_file_info*) {
  answer_or_fail(request, [&]() -> Result<void> {
    const ProcPath path = TRY(entries_of(request).path(ino));
    TRY(set_attributes(path, *wanted, which));
    return answer_status(request, ino);
  });
}

void statfs(fuse_req_t request, fuse_ino_t) {
  struct statvfs status {};
  status.f_bsize = kPageBytesOfFs;
  status.f_frsize = kPageBytesOfFs;
  status.f_namemax = NAME_MAX;
  fuse_reply_statfs(request, &status);
}

// ---- open files

void open_entry(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) noexcept {
  answer_or_fail(request, [&]() -> Result<void> {
    FuseEntries& entries = entries_of(request);
    const ProcPath path = TRY(entries.path(ino));
    FuseOpenFile* const file = TRY(entries.open_file(path, info->flags));
    info->fh = reinterpret_cast<std::uintptr_t>(file);
    info->direct_io = path.is_folder() ? 0 : 1;
    // An answer that does not arrive opens nothing.
    if (fuse_reply_open(request, info) != 0) entries.close_file(file);
    return {};
  });
}

void open(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  open_entry(request, ino, info);
}
void opendir(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  open_entry(request, ino, info);
}

void release(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  entries_of(request).close_file(&open_file(info));
  fuse_reply_err(request, 0);
}

void read(fuse_req_t request, fuse_ino_t, std::size_t bytes, off_t offset, fuse_file_info* info) {
  answer_or_fail(request, [&]() -> Result<void> {
    char text[kProcTextBytesMax];
    const std::size_t count = TRY(proc_pread(*open_file(info).file, UserPtr<void>::kernel(text),
                                             std::min(bytes, sizeof text), offset));
    fuse_reply_buf(request, text, count);
    return {};
  });
}

void write(fuse_req_t request, fuse_ino_t, const char*, std::size_t, off_t, fuse_file_info* info) {
  answer(request, proc_write(*open_file(info).file));
}

void fsync(fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
  fuse_reply_err(request, EINVAL);
}

// What an entry of the longest name takes in an answer.
std::size_t entry_bytes_max(fuse_req_t request) noexcept {
  constexpr char kLongest[] = "1234567890123456789012";
  static_assert(sizeof kLongest == kProcNameBytesMax + 1);
  return fuse_add_direntry(request, nullptr, 0, kLongest, nullptr, 0);
}

Result<void> answer_readdir(fuse_req_t request, std::size_t bytes, std::uint64_t offset,
                            FuseOpenFile& folder) noexcept {
  char page[kPageBytesOfFs];
  ProcDirent next[kPageBytesOfFs / sizeof(ProcDirent)];
  const std::size_t room = std::min(bytes, sizeof page);
  const std::size_t max = std::min(std::size(next), room / entry_bytes_max(request));
  TRY(folder.seek(offset));
  const std::size_t count = TRY(proc_readdir(*folder.file, next, max));
  std::uint64_t place = folder.given();
  TRY(folder.note(next, count));
  std::size_t used = 0;
  for (const ProcDirent& entry : std::span(next, count)) {
    struct stat status {};
    status.st_ino = entry.ino;
    status.st_mode = static_cast<mode_t>(DTTOIF(entry.type));
    used += fuse_add_direntry(request, page + used, room - used, entry.name, &status,
                              static_cast<off_t>(++place));
  }
  fuse_reply_buf(request, page, used);
  return {};
}

void readdir(fuse_req_t request, fuse_ino_t, std::size_t bytes, off_t offset,
             fuse_file_info* info) {
  answer_or_fail(request, [&] {
    return answer_readdir(request, bytes, static_cast<std::uint64_t>(offset), open_file(info));
  });
}

// ---- the table

fuse_lowlevel_ops make_table() noexcept {
  fuse_lowlevel_ops table{};
  table.lookup = lookup;
  table.forget = forget;
  table.forget_multi = forget_multi;
  table.getattr = getattr;
  table.setattr = setattr;
  table.readlink = readlink;
  table.mknod = mknod;
  table.mkdir = mkdir;
  table.unlink = unlink;
  table.rmdir = unlink;
  table.symlink = symlink;
  table.rename = rename;
  table.link = link;
  table.create = create;
  table.open = open;
  table.read = read;
  table.write = write;
  table.release = release;
  table.fsync = fsync;
  table.opendir = opendir;
  table.readdir = readdir;
  table.releasedir = release;
  table.fsyncdir = fsync;
  table.statfs = statfs;
  return table;
}

}  // namespace

const fuse_lowlevel_ops& fuse_requests() noexcept {
  static const fuse_lowlevel_ops table = make_table();
  return table;
}

}  // namespace ums::kernel
