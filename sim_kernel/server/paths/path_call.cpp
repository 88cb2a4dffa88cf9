// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/paths/path_call.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <climits>

#include "sim_kernel/server/paths/path_request.h"

namespace ums::kernel {

namespace {

constexpr int kFchmodat2 = 452;  // since Linux 6.6; older headers lack it

enum class Follow : std::uint8_t { kYes, kNo, kByFlags };

// Where a call has its arguments; -1: it has none of this kind.
struct PathCall {
  int number;
  int folder;  // the descriptor from which the path goes; without a path, that of the file
  int path;
  int flags;
  Follow follow;
  PathHandler* handler;
  int error = 0;           // of refuse()
  int flags_known = 0;     // with others Linux fails
  bool empty = false;      // an empty path names the descriptor, by itself
  bool untouched = false;  // the handler sees what is the host's, too
};

// ---- calls that change what programs cannot change

// The entry is there; that it is not has been answered already.
void refuse(const PathRequest& request, Place& place) noexcept {
  if (place.kind == Place::Kind::kHost) return request.fail(EXDEV);
  request.fail(request.refusal());
}

constexpr int kLook = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_FORCE_SYNC |
                      AT_STATX_DONT_SYNC;
constexpr int kAccess = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_EACCESS;
constexpr int kChange = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
constexpr int kLink = AT_SYMLINK_FOLLOW | AT_EMPTY_PATH;

// A call that names a file by a path only, by a descriptor only, or relative to a descriptor.
constexpr PathCall by_path(int number, Follow follow, PathHandler* handler, int error = 0,
                           int path = 0) {
  return {number, -1, path, -1, follow, handler, error};
}
constexpr PathCall by_descriptor(int number, PathHandler* handler, int error = 0) {
  return {number, 0, -1, -1, Follow::kNo, handler, error};
}
constexpr PathCall below(int number, Follow follow, PathHandler* handler, int error = 0,
                         int folder = 0) {
  return {number, folder, folder + 1, -1, follow, handler, error};
}
constexpr PathCall with_flags(PathCall call, int flags, int known) {
  call.flags = flags;
  call.flags_known = known;
  return call;
}
constexpr PathCall with_empty_path(PathCall call) {
  call.empty = true;
  return call;
}
constexpr PathCall and_untouched(PathCall call) {
  call.untouched = true;
  return call;
}

constexpr auto kYes = Follow::kYes;
constexpr auto kNo = Follow::kNo;
constexpr auto kByFlags = Follow::kByFlags;

// Of two paths, the first that is ours decides.
constexpr PathCall kCalls[] = {
    // What it is.
    by_descriptor(SYS_fstat, give_stat),
    with_flags(below(SYS_newfstatat, kByFlags, give_stat), 3, kLook),
    with_flags(below(SYS_statx, kByFlags, give_statx), 2, kLook),
    by_path(SYS_statfs, kYes, give_statfs),
    by_descriptor(SYS_fstatfs, give_statfs),
    below(SYS_faccessat, kYes, check_access),
    with_flags(below(SYS_faccessat2, kByFlags, check_access), 3, kAccess),
    with_empty_path(below(SYS_readlinkat, kNo, give_link)),
    by_path(SYS_getxattr, kYes, give_xattr),
    by_path(SYS_lgetxattr, kNo, give_xattr),
    by_descriptor(SYS_fgetxattr, give_xattr),
    by_path(SYS_listxattr, kYes, give_xattrs),
    by_path(SYS_llistxattr, kNo, give_xattrs),
    by_descriptor(SYS_flistxattr, give_xattrs),
    // Folders.
    by_descriptor(SYS_getdents64, list_folder),
    by_descriptor(SYS_lseek, seek_in_folder),
    and_untouched(by_path(SYS_chdir, kYes, change_folder)),
    and_untouched(by_descriptor(SYS_fchdir, change_folder_to)),
    {SYS_getcwd, -1, -1, -1, kNo, give_folder},
    // Changes that /proc allows.
    by_descriptor(SYS_fchmod, change_mode),
    below(SYS_fchmodat, kYes, change_mode),
    with_flags(below(kFchmodat2, kByFlags, change_mode), 3, kChange),
    with_flags(below(SYS_utimensat, kByFlags, refuse), 3, kChange),
    by_path(SYS_truncate, kYes, refuse),
    // Changes that it does not.
    with_flags(below(SYS_unlinkat, kNo, refuse, EPERM), 2, AT_REMOVEDIR),
    below(SYS_mkdirat, kNo, refuse, EEXIST),
    below(SYS_mknodat, kNo, refuse, EEXIST),
    below(SYS_symlinkat, kNo, refuse, EEXIST, 1),
    with_flags(below(SYS_linkat, kByFlags, refuse, EXDEV), 4, kLink),
    below(SYS_linkat, kNo, refuse, EXDEV, 2),
    below(SYS_renameat2, kNo, refuse, EXDEV),
    below(SYS_renameat2, kNo, refuse, EXDEV, 2),
    below(SYS_renameat, kNo, refuse, EXDEV),
    below(SYS_renameat, kNo, refuse, EXDEV, 2),
    with_flags(below(SYS_fchownat, kByFlags, refuse, EPERM), 4, kChange),
    by_descriptor(SYS_fchown, refuse, EPERM),
    by_path(SYS_setxattr, kYes, refuse, EOPNOTSUPP),
    by_path(SYS_lsetxattr, kNo, refuse, EOPNOTSUPP),
    by_descriptor(SYS_fsetxattr, refuse, EOPNOTSUPP),
    by_path(SYS_removexattr, kYes, refuse, EOPNOTSUPP),
    by_path(SYS_lremovexattr, kNo, refuse, EOPNOTSUPP),
    by_descriptor(SYS_fremovexattr, refuse, EOPNOTSUPP),
    by_path(SYS_chroot, kYes, refuse, EPERM),
    by_path(SYS_inotify_add_watch, kYes, refuse, EACCES, 1),
    with_flags(below(SYS_name_to_handle_at, kByFlags, refuse, EOPNOTSUPP), 4, kLink),
    // Programs: no entry is one.
    by_path(SYS_execve, kYes, refuse, EACCES),
    with_flags(below(SYS_execveat, kByFlags, refuse, EACCES), 4, kChange),
#ifdef SYS_stat  // those that newer machines do not have
    by_path(SYS_stat, kYes, give_stat),
    by_path(SYS_lstat, kNo, give_stat),
    by_path(SYS_access, kYes, check_access),
    by_path(SYS_readlink, kNo, give_link),
    by_descriptor(SYS_getdents, list_folder),
    by_path(SYS_chmod, kYes, change_mode),
    by_path(SYS_utime, kYes, refuse),
    by_path(SYS_utimes, kYes, refuse),
    below(SYS_futimesat, kYes, refuse),
    by_path(SYS_unlink, kNo, refuse, EPERM),
    by_path(SYS_rmdir, kNo, refuse, EPERM),
    by_path(SYS_mkdir, kNo, refuse, EEXIST),
    by_path(SYS_mknod, kNo, refuse, EEXIST),
    by_path(SYS_symlink, kNo, refuse, EEXIST, 1),
    by_path(SYS_link, kNo, refuse, EXDEV),
    by_path(SYS_link, kNo, refuse, EXDEV, 1),
    by_path(SYS_rename, kNo, refuse, EXDEV),
    by_path(SYS_rename, kNo, refuse, EXDEV, 1),
    by_path(SYS_chown, kYes, refuse, EPERM),
    by_path(SYS_lchown, kNo, refuse, EPERM),
#endif
};

constexpr auto kNumbers = [] {
  std::array<int, std::size(kCalls)> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = kCalls[i].number;
  return numbers;
}();

// ---- which file a call means

bool follows(const PathCall& call, int flags) noexcept {
  if (call.follow != kByFlags) return call.follow == kYes;
  // linkat and its like follow when they are told to.
  if ((call.flags_known & AT_SYMLINK_FOLLOW) != 0) return (flags & AT_SYMLINK_FOLLOW) != 0;
  return (flags & AT_SYMLINK_NOFOLLOW) == 0;
}

Place place_of_empty_path(pid_t tid, int dirfd) noexcept {
  return dirfd == AT_FDCWD ? place_of_working_folder(tid) : place_of_descriptor(tid, dirfd);
}

// What Linux is to refuse is untouched.
Place find_place(const PathCall& call, const seccomp_notif& notification) noexcept {
  const auto tid = static_cast<pid_t>(notification.pid);
  const auto& args = notification.data.args;
  const int dirfd = call.folder < 0 ? AT_FDCWD : static_cast<int>(args[call.folder]);
  if (call.path < 0)
    return call.folder < 0 ? place_of_working_folder(tid) : place_of_descriptor(tid, dirfd);
  const int flags = call.flags < 0 ? 0 : static_cast<int>(args[call.flags]);
  if ((flags & ~call.flags_known) != 0) return {};
  const bool may_be_empty = call.empty || (flags & AT_EMPTY_PATH) != 0;
  if (args[call.path] == 0) return may_be_empty ? place_of_empty_path(tid, dirfd) : Place();
  char path[PATH_MAX];
  const long length = read_client_string(tid, path, args[call.path], sizeof path);
  if (length < 0) return {};
  if (length == 0) return may_be_empty ? place_of_empty_path(tid, dirfd) : Place();
  return walk_path(tid, dirfd, path, follows(call, flags));
}

// Whether this line of the table has answered.
bool try_call(const PathCall& call, Listener& listener,
              const seccomp_notif& notification) noexcept {
  Place place = find_place(call, notification);
  if (place.kind == Place::Kind::kUntouched && !call.untouched) return false;
  const PathRequest request(listener, notification, call.path < 0 ? call.folder : call.path,
                            call.error);
  if (place.kind == Place::Kind::kFailed) {
    request.fail(place.error);
  } else {
    call.handler(request, place);
  }
  return true;
}

}  // namespace

void handle_path_call(Listener& listener, const seccomp_notif& notification) noexcept {
  for (const PathCall& call : kCalls) {
    if (call.number == notification.data.nr && try_call(call, listener, notification)) return;
  }
  listener.pass_on(notification.id);
}

std::span<const int> path_call_numbers() noexcept { return kNumbers; }

}  // namespace ums::kernel
