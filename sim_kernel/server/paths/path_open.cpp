// SPDX-License-Identifier: Apache-2.0
//
// open(2), openat(2), openat2(2), creat(2).
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <climits>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/server/clients/thread_table.h"
#include "sim_kernel/server/event_source.h"
#include "sim_kernel/server/file_table.h"
#include "sim_kernel/server/paths/mirrored_tree.h"
#include "sim_kernel/server/paths/path_request.h"
#include "sim_kernel/server/paths/stand_in.h"

namespace ums::kernel {

namespace {

struct OpenCall {
  int path = -1;  // the argument; -1: Linux is to refuse the call
  int folder = AT_FDCWD;
  int flags = 0;
};

// LIMIT: openat2 with restrictions of the path (RESOLVE_BENEATH and the like) finds nothing of
// ours.
OpenCall decode_openat2(const seccomp_notif& notification) noexcept {
  const auto& args = notification.data.args;
  open_how how{};
  if (args[3] < sizeof how ||
      !read_client(static_cast<pid_t>(notification.pid), &how, args[2], sizeof how) ||
      how.flags > UINT_MAX || how.resolve != 0) {
    return {};
  }
  return {1, static_cast<int>(args[0]), static_cast<int>(how.flags)};
}

// What an open call of any kind asks for.
OpenCall decode_open(const seccomp_notif& notification) noexcept {
  const auto& args = notification.data.args;
  switch (notification.data.nr) {
#ifdef SYS_open
    case SYS_open:
      return {0, AT_FDCWD, static_cast<int>(args[1])};
    case SYS_creat:
      return {0, AT_FDCWD, O_CREAT | O_WRONLY | O_TRUNC};
#endif
    case SYS_openat:
      return {1, static_cast<int>(args[0]), static_cast<int>(args[2])};
    default:
      return decode_openat2(notification);
  }
}

Place find_place(const OpenCall& call, const seccomp_notif& notification) noexcept {
  if (call.path < 0) return {};
  const auto tid = static_cast<pid_t>(notification.pid);
  char path[PATH_MAX];
  if (read_client_string(tid, path, notification.data.args[call.path], sizeof path) <= 0) return {};
  constexpr int kExclusive = O_CREAT | O_EXCL;
  const bool follow = (call.flags & O_NOFOLLOW) == 0 && (call.flags & kExclusive) != kExclusive;
  return walk_path(tid, call.folder, path, follow);
}

// ---- the device

// What Linux refuses before it asks the driver. 0: nothing.
int refusal_of_flags(int flags) noexcept {
  if ((flags & O_DIRECTORY) != 0) return ENOTDIR;
  if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return EEXIST;
  return 0;
}

Result<void> open_device(const PathRequest& request, int flags) noexcept {
  const int refusal = refusal_of_flags(flags);
  if (refusal != 0) return Error{refusal};
  if ((flags & O_PATH) != 0) return open_device_place(request.waiting(), flags);
  if (tree_is_mirrored()) return Error{ENXIO};  // a program with a kernel in it does not ask here
  look_at_ends();
  Task* const task = find_or_make_thread(request.tid());
  if (task == nullptr) return Error{ENOMEM};
  return file_open(*task, request.waiting(), flags);
}

// ---- the tree

Result<void> open_entry(const PathRequest& request, const ProcPath& path, int flags) noexcept {
  if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return Error{EEXIST};
  if ((flags & O_TMPFILE) == O_TMPFILE) return Error{path.is_folder() ? EOPNOTSUPP : ENOTDIR};
  return open_stand_in(path, request.waiting(), flags);
}

// ---- the host, in the program's place

// LIMIT: the program gets no O_PATH descriptor, but one that can be read; no FIFO and no socket,
// whose opening may wait; and no new file.
Result<void> open_on_host(const PathRequest& request, const HostFd& place, int flags) noexcept {
  const mode_t mode = host_status(place.get(), "").mode;
  if (S_ISLNK(mode)) return Error{ELOOP};
  if (!S_ISREG(mode) && !S_ISDIR(mode) && !S_ISCHR(mode)) return Error{EXDEV};
  if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return Error{EEXIST};
  if ((flags & O_PATH) != 0) flags &= O_DIRECTORY | O_CLOEXEC;
  const ThreadPath path(static_cast<pid_t>(raw_syscall(SYS_getpid)), place.get());
  const HostFd opened(raw_syscall(
      SYS_openat, AT_FDCWD, syscall_arg(path.path),
      (flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW)) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0));
  if (!opened.ok()) return Error{opened.error() == EMFILE ? ENFILE : opened.error()};
  raw_syscall(SYS_fcntl, opened.get(), F_SETFL, flags);
  const Waiting waiting = request.waiting();
  const Result<int> sent =
      waiting.listener->answer_with_descriptor(waiting.id, opened.get(), (flags & O_CLOEXEC) != 0);
  return sent.ok() ? Result<void>() : sent.error();
}

Result<void> open_at(const PathRequest& request, const Place& place, int flags) noexcept {
  switch (place.kind) {
    case Place::Kind::kDevice:
      return open_device(request, flags);
    case Place::Kind::kTree:
      return open_entry(request, place.path, flags);
    case Place::Kind::kHost:
      return open_on_host(request, place.host, flags);
    default:
      return Error{place.error};
  }
}

}  // namespace

void handle_open(Listener& listener, const seccomp_notif& notification) noexcept {
  const OpenCall call = decode_open(notification);
  const Place place = find_place(call, notification);
  if (place.kind == Place::Kind::kUntouched) return listener.pass_on(notification.id);
  const PathRequest request(listener, notification, call.path, 0);
  const Result<void> opened = open_at(request, place, call.flags);
  if (!opened.ok()) request.fail(opened.error_code());
}

}  // namespace ums::kernel
