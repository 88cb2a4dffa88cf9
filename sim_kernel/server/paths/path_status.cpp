// SPDX-License-Identifier: Apache-2.0
//
// What entries of /proc/ums are, and the device: stat(2), access(2), readlink(2), xattr(7),
// chmod(2).
#include <fcntl.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <ctime>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/server/paths/path_request.h"

namespace ums::kernel {

namespace {

constexpr std::uint64_t kDeviceInode = 1U << 20;
constexpr unsigned kMiscMajor = 10;  // Linux: MISC_MAJOR
constexpr unsigned kDeviceMinor = 63;

// What is the same in all kinds of struct stat.
struct EntryStatus {
  ProcStat entry{};
  dev_t device = 0;   // that it is on
  dev_t special = 0;  // that it is
  unsigned block_bytes = 0;
  timespec time{};
};

dev_t device_of_folder(const char* path) noexcept { return host_status(-1, path).inode.device; }

// All entries have the time of the first look.
timespec time_of_entries() noexcept {
  static const timespec time = [] {
    timespec now{};
    raw_syscall(SYS_clock_gettime, CLOCK_REALTIME, syscall_arg(&now));
    return now;
  }();
  return time;
}

Result<EntryStatus> status_of(const Place& place) noexcept {
  EntryStatus status;
  status.time = time_of_entries();
  if (place.kind == Place::Kind::kDevice) {
    status.entry.ino = kDeviceInode;
    status.entry.mode = S_IFCHR | 07777;
    status.entry.nlink = 1;
    status.entry.uid = static_cast<std::uint32_t>(raw_syscall(SYS_geteuid));
    status.entry.gid = static_cast<std::uint32_t>(raw_syscall(SYS_getegid));
    status.device = device_of_folder("/dev");
    status.special = makedev(kMiscMajor, kDeviceMinor);
    status.block_bytes = 4096;
    return status;
  }
  status.entry = TRY(proc_stat(place.path));
  status.device = device_of_folder("/proc");
  status.block_bytes = 1024;
  return status;
}

statx_timestamp stamp_of(const timespec& time) noexcept {
  statx_timestamp stamp{};
  stamp.tv_sec = time.tv_sec;
  stamp.tv_nsec = static_cast<std::uint32_t>(time.tv_nsec);
  return stamp;
}

struct stat as_stat(const EntryStatus& from) noexcept {
  struct stat status {};
  status.st_dev = from.device;
  status.st_ino = from.entry.ino;
  status.st_mode = from.entry.mode;
  status.st_nlink = from.entry.nlink;
  status.st_uid = from.entry.uid;
  status.st_gid = from.entry.gid;
  status.st_rdev = from.special;
  status.st_size = static_cast<off_t>(from.entry.size);
  status.st_blksize = static_cast<blksize_t>(from.block_bytes);
  status.st_atim = status.st_mtim = status.st_ctim = from.time;
  return status;
}

struct statx as_statx(const EntryStatus& from) noexcept {
  struct statx status {};
  status.stx_mask = STATX_BASIC_STATS;
  status.stx_blksize = from.block_bytes;
  status.stx_nlink = from.entry.nlink;
  status.stx_uid = from.entry.uid;
  status.stx_gid = from.entry.gid;
  status.stx_mode = static_cast<std::uint16_t>(from.entry.mode);
  status.stx_ino = from.entry.ino;
  status.stx_size = from.entry.size;
  status.stx_atime = status.stx_mtime = status.stx_ctime = stamp_of(from.time);
  status.stx_rdev_major = major(from.special);
  status.stx_rdev_minor = minor(from.special);
  status.stx_dev_major = major(from.device);
  status.stx_dev_minor = minor(from.device);
  return status;
}

// Linux: generic_permission, for the owner: who runs the kernel runs its programs.
bool is_allowed(const ProcStat& entry, unsigned wanted) noexcept {
  if (raw_syscall(SYS_geteuid) != 0) return ((entry.mode >> 6) & wanted) == wanted;
  return (wanted & X_OK) == 0 || S_ISDIR(entry.mode) || (entry.mode & 0111) != 0;
}

}  // namespace

void give_stat(const PathRequest& request, Place& place) noexcept {
  if (place.kind == Place::Kind::kHost) {
    struct stat status {};
    const long error = raw_syscall(SYS_newfstatat, place.host.get(), syscall_arg(""),
                                   syscall_arg(&status), AT_EMPTY_PATH);
    if (error != 0) return request.answer(error);
    return request.give(request.argument(0), &status, sizeof status);
  }
  Result<EntryStatus> found = status_of(place);
  if (!found.ok()) return request.fail(found.error_code());
  const struct stat status = as_stat(found.value());
  request.give(request.argument(0), &status, sizeof status);
}

void give_statx(const PathRequest& request, Place& place) noexcept {
  const auto mask = static_cast<unsigned>(request.argument(1));
  if ((mask & STATX__RESERVED) != 0) return request.fail(EINVAL);
  if (place.kind == Place::Kind::kHost) {
    struct statx status {};
    const long error = raw_syscall(SYS_statx, place.host.get(), syscall_arg(""), AT_EMPTY_PATH,
                                   mask, syscall_arg(&status));
    if (error != 0) return request.answer(error);
    return request.give(request.argument(2), &status, sizeof status);
  }
  Result<EntryStatus> found = status_of(place);
  if (!found.ok()) return request.fail(found.error_code());
  const struct statx status = as_statx(found.value());
  request.give(request.argument(2), &status, sizeof status);
}

// That of the host's /proc, or /dev.
void give_statfs(const PathRequest& request, Place& place) noexcept {
  struct statfs status {};
  long error = 0;
  if (place.kind == Place::Kind::kHost) {
    error = raw_syscall(SYS_fstatfs, place.host.get(), syscall_arg(&status));
  } else {
    const char* const folder = place.kind == Place::Kind::kTree ? "/proc" : "/dev";
    error = raw_syscall(SYS_statfs, syscall_arg(folder), syscall_arg(&status));
  }
  if (error != 0) return request.answer(error);
  if (place.kind == Place::Kind::kTree) status.f_type = PROC_SUPER_MAGIC;
  request.give(request.argument(0), &status, sizeof status);
}

void check_access(const PathRequest& request, Place& place) noexcept {
  const auto wanted = static_cast<unsigned>(request.argument(0));
  if ((wanted & ~unsigned{R_OK | W_OK | X_OK}) != 0) return request.fail(EINVAL);
  if (place.kind == Place::Kind::kHost) {
    return request.answer(
        raw_syscall(SYS_faccessat2, place.host.get(), syscall_arg(""), wanted, AT_EMPTY_PATH));
  }
  Result<EntryStatus> found = status_of(place);
  if (!found.ok()) return request.fail(found.error_code());
  request.fail(is_allowed(found.value().entry, wanted) ? 0 : EACCES);
}

void give_link(const PathRequest& request, Place& place) noexcept {
  const auto room = static_cast<int>(request.argument(1));
  if (room <= 0) return request.fail(EINVAL);
  char text[PATH_MAX];
  long length = place.stand_in != nullptr ? -ENOENT : -EINVAL;
  if (place.kind == Place::Kind::kHost) {
    length = raw_syscall(SYS_readlinkat, place.host.get(), syscall_arg(""), syscall_arg(text),
                         sizeof text);
  } else if (place.kind == Place::Kind::kTree && place.path.is_symlink()) {
    ProcText target;
    const Result<void> read = proc_readlink(place.path, target);
    length = read.ok() ? static_cast<long>(target.view().copy(text, sizeof text))
                       : -long{read.error_code()};
  }
  if (length < 0) return request.answer(length);
  length = std::min<long>(length, room);
  request.give(request.argument(0), text, static_cast<std::size_t>(length), length);
}

// Entries have none, and cannot have any.
void give_xattr(const PathRequest& request, Place&) noexcept {
  char name[XATTR_NAME_MAX + 1];
  const long length = read_client_string(request.tid(), name, request.argument(0), sizeof name);
  if (length == 0) return request.fail(ERANGE);
  char first = '\0';
  const bool readable = length > 0 || read_client(request.tid(), &first, request.argument(0), 1);
  if (length < 0) return request.fail(readable ? ERANGE : EFAULT);
  request.fail(EOPNOTSUPP);
}

void give_xattrs(const PathRequest& request, Place&) noexcept { request.fail(0); }

void change_mode(const PathRequest& request, Place& place) noexcept {
  if (place.kind == Place::Kind::kHost) return request.fail(EXDEV);
  if (place.kind == Place::Kind::kDevice) return request.fail(EPERM);
  const auto mode = static_cast<mode_t>(request.argument(0));
  request.fail(proc_chmod(place.path, mode).error_code());
}

}  // namespace ums::kernel
