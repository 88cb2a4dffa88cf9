// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/paths/stand_in.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>

#include <boost/intrusive/set.hpp>
#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/server/event_source.h"
#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/temporary_name.h"

namespace ums::kernel {

namespace {

namespace intrusive = boost::intrusive;

struct InodeOf {
  using type = Inode;
  const Inode& operator()(const StandIn& each) const noexcept { return each.inode; }
};
intrusive::set<
    StandIn, intrusive::member_hook<StandIn, intrusive::set_member_hook<>, &StandIn::by_inode_hook>,
    intrusive::key_of_value<InodeOf>>
    by_inode;

struct WatchOf {
  using type = int;
  int operator()(const StandIn& each) const noexcept { return each.watch; }
};
intrusive::set<
    StandIn, intrusive::member_hook<StandIn, intrusive::set_member_hook<>, &StandIn::by_watch_hook>,
    intrusive::key_of_value<WatchOf>>
    by_watch;

constinit ObjectCache<StandIn> cache{"stand_in"};

// ---- their ends

void release(StandIn& gone) noexcept {
  by_inode.erase(by_inode.iterator_to(gone));
  by_watch.erase(by_watch.iterator_to(gone));
  if (gone.listing != nullptr) proc_close(gone.listing);
  cache.destroy(&gone);
}

class LastCloses final : public EventSource {
 public:
  LastCloses() noexcept : EventSource(Kind::kEnds) {}

  // Watches what `path` names. Returns the watch or -errno.
  int watch(const char* path) noexcept {
    if (!start()) return -ENFILE;
    const long watch =
        raw_syscall(SYS_inotify_add_watch, inotify_, syscall_arg(path), IN_DELETE_SELF);
    return static_cast<int>(watch == -ENOSPC ? -ENFILE : watch);
  }

  // Releases those that have ended.
  void look() noexcept {
    alignas(inotify_event) char bytes[4096];
    long count = 0;
    while ((count = raw_syscall(SYS_read, inotify_, syscall_arg(bytes), sizeof bytes)) > 0) {
      for (long at = 0; at < count;) {
        const auto& event = *reinterpret_cast<const inotify_event*>(bytes + at);
        const auto found = by_watch.find(event.wd);
        if ((event.mask & IN_IGNORED) != 0 && found != by_watch.end()) release(*found);
        at += static_cast<long>(sizeof event + event.len);
      }
    }
  }

  void on_event(std::uint32_t /*events*/) noexcept override { look(); }

 private:
  bool start() noexcept {
    if (inotify_ >= 0) return true;
    inotify_ = static_cast<int>(raw_syscall(SYS_inotify_init1, IN_NONBLOCK | IN_CLOEXEC));
    if (inotify_ >= 0 && watch_events(inotify_, EPOLLIN, *this)) return true;
    if (inotify_ >= 0) raw_syscall(SYS_close, inotify_);
    inotify_ = -1;
    return false;
  }

  int inotify_ = -1;  // open from the first entry on
};

LastCloses last_closes;

// ---- what Linux keeps

int as_enfile(int error) noexcept { return error == EMFILE ? ENFILE : error; }

// A folder without a name.
Result<HostFd> make_folder(int& watch) noexcept {
  const TemporaryName name;
  const long made = raw_syscall(SYS_mkdirat, AT_FDCWD, syscall_arg(name.path), 0555);
  if (made < 0) return Error{static_cast<int>(-made)};
  HostFd folder(raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(name.path),
                            O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  watch = folder.ok() ? last_closes.watch(name.path) : -1;
  raw_syscall(SYS_unlinkat, AT_FDCWD, syscall_arg(name.path), AT_REMOVEDIR);
  if (!folder.ok()) return Error{as_enfile(folder.error())};
  if (watch < 0) return Error{-watch};
  return folder;
}

// Writes the text of `file` into a memfd, and lets nobody change it. Null: there is none.
Result<void> write_text(int memfd, ProcFile* file) noexcept {
  if (file != nullptr && (file->flags & O_ACCMODE) != O_WRONLY) {
    char text[kProcTextBytesMax];
    const std::size_t bytes = TRY(proc_pread(*file, UserPtr<void>::kernel(text), sizeof text, 0));
    const long written = raw_syscall(SYS_write, memfd, syscall_arg(text), static_cast<long>(bytes));
    if (written < 0) return Error{static_cast<int>(-written)};
  }
  const long sealed = raw_syscall(SYS_fcntl, memfd, F_ADD_SEALS,
                                  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  if (sealed < 0) return Error{static_cast<int>(-sealed)};
  return {};
}

// Opens it by the flags that the program has given. `text` null: a place, which cannot be read.
Result<HostFd> make_memfd(const char* name, ProcFile* text, int flags, int& watch) noexcept {
  const HostFd memfd(
      raw_syscall(SYS_memfd_create, syscall_arg(name), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memfd.ok()) return Error{as_enfile(memfd.error())};
  TRY(write_text(memfd.get(), text));
  const ThreadPath path(static_cast<pid_t>(raw_syscall(SYS_getpid)), memfd.get());
  const int access = text != nullptr ? flags & (O_ACCMODE | O_APPEND | O_NONBLOCK) : O_WRONLY;
  HostFd opened(raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(path.path), access | O_CLOEXEC, 0));
  if (!opened.ok()) return Error{as_enfile(opened.error())};
  watch = last_closes.watch(path.path);
  if (watch < 0) return Error{-watch};
  return opened;
}

// `descriptor` is watched: what goes wrong from here on, the end of the watch cleans up.
Result<void> hand_out(StandIn& stand_in, const HostFd& descriptor, Waiting waiting) noexcept {
  last_closes.look();
  stand_in.inode = host_status(descriptor.get(), "").inode;
  by_inode.insert(stand_in);
  by_watch.insert(stand_in);
  const Result<int> sent = waiting.listener->answer_with_descriptor(
      waiting.id, descriptor.get(), (stand_in.flags & O_CLOEXEC) != 0);
  return sent.ok() ? Result<void>() : sent.error();
}

// `file` is the stand-in's from here on, where it keeps it, and closed where not.
Result<void> open_as(StandIn* stand_in, const char* name, ProcFile* file,
                     Waiting waiting) noexcept {
  const bool is_folder = stand_in != nullptr && !stand_in->of_device && stand_in->path.is_folder();
  Result<HostFd> made = Error{ENOMEM};
  if (stand_in != nullptr) {
    made = is_folder ? make_folder(stand_in->watch)
                     : make_memfd(name, file, stand_in->flags, stand_in->watch);
  }
  const bool keeps = made.ok() && is_folder;
  if (file != nullptr && !keeps) proc_close(file);
  if (!made.ok()) {
    if (stand_in != nullptr) cache.destroy(stand_in);
    return made.error();
  }
  if (keeps) stand_in->listing = file;
  return hand_out(*stand_in, made.value(), waiting);
}

}  // namespace

Result<void> open_stand_in(const ProcPath& path, Waiting waiting, int flags) noexcept {
  ProcText name;
  TRY(proc_absolute(path, name));
  name.print("{}", '\0');
  ProcFile* file = nullptr;
  if ((flags & O_PATH) == 0) {
    file = TRY(proc_open(path, flags));
  } else if ((flags & O_DIRECTORY) != 0 && !path.is_folder()) {
    return Error{ENOTDIR};
  }
  return open_as(cache.create(path, false, flags), name.view().data(), file, waiting);
}

Result<void> open_device_place(Waiting waiting, int flags) noexcept {
  return open_as(cache.create(ProcPath(), true, flags), "/dev/ums", nullptr, waiting);
}

StandIn* stand_in_of_inode(const Inode& inode) noexcept {
  if (by_inode.find(inode) == by_inode.end()) return nullptr;
  last_closes.look();
  const auto found = by_inode.find(inode);
  return found != by_inode.end() ? &*found : nullptr;
}

bool any_stand_in() noexcept { return !by_inode.empty(); }

}  // namespace ums::kernel
