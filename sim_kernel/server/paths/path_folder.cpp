// SPDX-License-Identifier: Apache-2.0
//
// Folders of /proc/ums: getdents64(2), lseek(2), chdir(2), getcwd(2).
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstring>
#include <optional>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/server/paths/path_call.h"
#include "sim_kernel/server/paths/path_request.h"
#include "sim_kernel/server/paths/stand_in.h"
#include "sim_kernel/server/paths/working_folder.h"

namespace ums::kernel {

namespace {

// ---- listing

// Lets a listing go on behind `last`.
void go_back(StandIn& folder, const std::optional<ProcDirent>& last) noexcept {
  if (last.has_value()) {
    proc_seek_behind(*folder.listing, *last);
  } else {
    (void)proc_lseek(*folder.listing, 0, SEEK_SET);
  }
  folder.listed_last = last;
}

// Over `count` entries, or to the end.
void skip(StandIn& folder, std::uint64_t count) noexcept {
  ProcDirent entry;
  for (; count > 0; --count) {
    Result<std::size_t> found = proc_readdir(*folder.listing, &entry, 1);
    if (!found.ok() || found.value() == 0) return;
    folder.listed_last = entry;
  }
}

// How many entries are asked for at once.
constexpr std::size_t kEntriesMax = 64;

// Both kinds of entries begin with these: struct linux_dirent64, struct linux_dirent.
struct EntryHead {
  std::uint64_t ino;
  std::uint64_t next;
  std::uint16_t bytes;
};
constexpr std::size_t kHeadBytes = offsetof(EntryHead, bytes) + sizeof(EntryHead::bytes);

// Entries as getdents64 gives them: the type before the name; or as getdents does: behind it.
class EntryWriter {
 public:
  EntryWriter(bool type_is_behind, std::size_t room) noexcept
      : type_is_behind_(type_is_behind), room_(std::min(room, sizeof bytes_)) {}

  // How many entries fit, whatever their names.
  std::size_t sure_of() const noexcept { return (room_ - size_) / bytes_of(kProcNameBytesMax); }

  // False: it does not fit.
  bool add(const ProcDirent& entry) noexcept {
    const std::size_t name_bytes = std::strlen(entry.name) + 1;
    const std::size_t bytes = bytes_of(name_bytes - 1);
    if (bytes > room_ - size_) return false;
    char* const to = bytes_ + size_;
    std::memset(to, 0, bytes);
    const EntryHead head = {entry.ino, kFolderOffset + entry.position + 1,
                            static_cast<std::uint16_t>(bytes)};
    std::memcpy(to, &head, kHeadBytes);
    std::memcpy(to + kHeadBytes + (type_is_behind_ ? 0 : 1), entry.name, name_bytes);
    to[type_is_behind_ ? bytes - 1 : kHeadBytes] = static_cast<char>(entry.type);
    size_ += bytes;
    return true;
  }

  const char* data() const noexcept { return bytes_; }
  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr std::size_t bytes_of(std::size_t name_length) noexcept {
    return (kHeadBytes + 1 + name_length + 1 + 7) / 8 * 8;
  }

  const bool type_is_behind_;
  const std::size_t room_;
  std::size_t size_ = 0;
  char bytes_[32768];
};

// Writes what fits. Returns an errno: EINVAL: the next entry does not.
int write_entries(StandIn& folder, EntryWriter& writer) noexcept {
  ProcDirent entries[kEntriesMax];
  for (;;) {
    const std::size_t max = std::clamp<std::size_t>(writer.sure_of(), 1, kEntriesMax);
    Result<std::size_t> count = proc_readdir(*folder.listing, entries, max);
    if (!count.ok()) return count.error_code();
    if (count.value() == 0) return 0;
    for (std::size_t i = 0; i < count.value(); ++i) {
      if (!writer.add(entries[i])) {
        go_back(folder, folder.listed_last);
        return writer.size() == 0 ? EINVAL : 0;
      }
      folder.listed_last = entries[i];
    }
  }
}

// ---- working directories

bool is_folder(const HostStatus& status) noexcept { return S_ISDIR(status.mode); }

// A folder of the host, open in `place`. If Linux has it as the program's already, or can come to
// it, that is where it belongs.
void change_to_host(const PathRequest& request, Place& place, bool linux_can) noexcept {
  const HostStatus wanted = host_status(place.host.get(), "");
  if (!is_folder(wanted)) return request.fail(ENOTDIR);
  const long allowed = raw_syscall(SYS_faccessat2, place.host.get(), syscall_arg(""), X_OK,
                                   AT_EMPTY_PATH | AT_EACCESS);
  if (allowed != 0) return request.answer(allowed);
  const bool is_there =
      host_status(-1, ThreadPath(request.tid(), "cwd").path).inode == wanted.inode;
  if (linux_can || is_there) {
    working_folder_forget(request.tid());
    return linux_can ? request.pass_on() : request.fail(0);
  }
  WorkingFolder folder;
  folder.host = std::move(place.host);
  request.fail(working_folder_set(request.tid(), std::move(folder)).error_code());
}

void change_to_tree(const PathRequest& request, const Place& place) noexcept {
  if (place.kind != Place::Kind::kTree || !place.path.is_folder()) return request.fail(ENOTDIR);
  if (proc_is_removed(place.path.node())) return request.fail(ENOENT);
  request.fail(working_folder_set(request.tid(), {place.path, {}}).error_code());
}

}  // namespace

void list_folder(const PathRequest& request, Place& place) noexcept {
  if (place.stand_in == nullptr || place.kind != Place::Kind::kTree) return request.fail(ENOTDIR);
  if (place.stand_in->is_place()) return request.fail(EBADF);
  StandIn& folder = *place.stand_in;
  if (folder.listing == nullptr) return request.fail(ENOTDIR);
  bool type_is_behind = false;
#ifdef SYS_getdents
  type_is_behind = request.number() == SYS_getdents;
#endif
  const std::optional<ProcDirent> before = folder.listed_last;
  EntryWriter writer(type_is_behind, static_cast<unsigned>(request.argument(1)));
  const int error = write_entries(folder, writer);
  if (error != 0) return request.fail(error);
  if (writer.size() != 0 &&
      !write_client(request.tid(), request.argument(0), writer.data(), writer.size())) {
    go_back(folder, before);
    return request.fail(EFAULT);
  }
  if (!request.succeed(static_cast<long>(writer.size()))) go_back(folder, before);
}

// The filter lets only those through that go to the beginning, or to an offset of ours.
void seek_in_folder(const PathRequest& request, Place& place) noexcept {
  if (place.stand_in == nullptr || place.stand_in->listing == nullptr) return request.pass_on();
  const std::uint64_t offset = request.argument(0);
  go_back(*place.stand_in, {});
  skip(*place.stand_in, offset & ~kFolderOffset);
  request.succeed(static_cast<long>(offset));
}

// What is untouched matters only if Linux's folder is not the program's now.
void change_folder(const PathRequest& request, Place& place) noexcept {
  if (place.kind == Place::Kind::kHost) return change_to_host(request, place, false);
  if (place.kind != Place::Kind::kUntouched) return change_to_tree(request, place);
  if (working_folder_of(request.tid()) == nullptr) return request.pass_on();
  char path[PATH_MAX];
  if (read_client_string(request.tid(), path, request.path(), sizeof path) <= 0) {
    return request.pass_on();
  }
  Place host = walk_path_for_us(request.tid(), AT_FDCWD, path, true);
  if (host.kind == Place::Kind::kHost) return change_to_host(request, host, true);
  // Where nobody may look (EXDEV), it is taken for a folder.
  if (host.error != EXDEV) return request.fail(host.error);
  working_folder_forget(request.tid());
  request.pass_on();
}

void change_folder_to(const PathRequest& request, Place& place) noexcept {
  if (place.kind != Place::Kind::kUntouched) return change_to_tree(request, place);
  if (is_folder(status_of_descriptor(request.tid(), request.descriptor()))) {
    working_folder_forget(request.tid());
  }
  request.pass_on();
}

void give_folder(const PathRequest& request, Place& place) noexcept {
  char text[PATH_MAX];
  long length = -ENOENT;
  if (place.kind == Place::Kind::kHost) {
    const ThreadPath path(static_cast<pid_t>(raw_syscall(SYS_getpid)), place.host.get());
    length = raw_syscall(SYS_readlinkat, AT_FDCWD, syscall_arg(path.path), syscall_arg(text),
                         sizeof text - 1);
  } else {
    ProcText absolute;
    const Result<void> found = proc_absolute(place.path, absolute);
    length = found.ok() ? static_cast<long>(absolute.view().copy(text, sizeof text - 1))
                        : -long{found.error_code()};
  }
  if (length < 0) return request.answer(length);
  text[length++] = '\0';
  if (static_cast<std::uint64_t>(length) > request.argument(1)) return request.fail(ERANGE);
  request.give(request.argument(0), text, static_cast<std::size_t>(length), length);
}

}  // namespace ums::kernel
