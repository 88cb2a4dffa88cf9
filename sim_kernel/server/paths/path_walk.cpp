// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/paths/path_walk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

#include "sim_kernel/server/clients/thread_status.h"
#include "sim_kernel/server/event_source.h"
#include "sim_kernel/server/file_table.h"
#include "sim_kernel/server/paths/mirrored_tree.h"
#include "sim_kernel/server/paths/mount_table.h"
#include "sim_kernel/server/paths/stand_in.h"
#include "sim_kernel/server/paths/working_folder.h"

// Since Linux 5.12.
#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

namespace ums::kernel {

namespace {

constexpr int kLinksMax = 40;  // Linux: MAXSYMLINKS

// With the real module loaded, the host's paths may be ours nevertheless.
bool host_has_ums() noexcept {
  static const bool has = [] {
    for (const char* const path : {"/proc/ums", "/dev/ums"}) {
      if (raw_syscall(SYS_faccessat, AT_FDCWD, syscall_arg(path), 0) == 0) return true;
    }
    return false;
  }();
  return has;
}

// Opens `path` as a place, by what Linux has in its caches.
HostFd open_cached(int folder, const char* path, int flags) noexcept {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_PATH | O_CLOEXEC);
  how.resolve = RESOLVE_CACHED;
  return HostFd(raw_syscall(SYS_openat2, folder, syscall_arg(path), syscall_arg(&how), sizeof how));
}

Place of_inode(const Inode& inode) noexcept {
  Place place;
  if (StandIn* const stand_in = stand_in_of_inode(inode)) {
    place.kind = stand_in->of_device ? Place::Kind::kDevice : Place::Kind::kTree;
    place.path = stand_in->path;
    place.stand_in = stand_in;
  } else if (file_of_inode(inode) != nullptr) {
    place.kind = Place::Kind::kDevice;
  }
  return place;
}

// Who has ended before is not in the tree any more.
void bring_up_to_date() noexcept {
  look_at_ends();
  refresh_tree();
}

// A path on its way.
class Walk {
 public:
  Walk(pid_t tid, bool follow) noexcept : tid_(tid), follow_(follow) {}

  Place run(int dirfd, const char* path, bool for_us) noexcept {
    absolute_ = *path == '/';
    if (!absolute_ && !begin_below(dirfd)) return std::move(end_);
    untouched_ = untouched_ && !for_us;
    if (untouched_ && !host_has_ums() && host_has(path)) return {};
    if (rest_.empty()) rest_ = path;
    if (folder_.ok()) {
      device_ = host_status(folder_.get(), "").inode.device;
    } else if (!in_tree_ && !go_to_root()) {
      return std::move(end_);
    }
    while (next_name()) {
      if (!(in_tree_ ? step_in_tree() : step_on_host())) return std::move(end_);
    }
    return arrive();
  }

 private:
  // ---- where it is

  // Without a folder of its own it is at the program's root.
  int here() const noexcept { return folder_.ok() ? folder_.get() : root_.get(); }

  bool go_to_root() noexcept {
    if (!root_.ok()) root_ = open_place(-1, ThreadPath(tid_, "root").path, O_DIRECTORY);
    if (!root_.ok()) return fail(root_.error());
    go_to({}, host_status(root_.get(), "").inode.device);
    in_tree_ = false;
    return true;
  }

  void go_to(HostFd folder, dev_t device) noexcept {
    folder_ = std::move(folder);
    device_ = device;
  }

  bool enter_tree(ProcPath path) noexcept {
    bring_up_to_date();  // may free the working folder whose path this is
    tree_ = std::move(path);
    in_tree_ = true;
    untouched_ = false;
    return true;
  }

  // Whether this is the folder that the program has as /proc or /dev.
  bool is_at(const char* path_from_thread) const noexcept {
    const HostStatus wanted = host_status(-1, ThreadPath(tid_, path_from_thread).path);
    return wanted.mode != 0 && wanted.inode == host_status(here(), "").inode;
  }

  // ---- how it ends: these return false

  bool finish(Place place) noexcept {
    end_ = std::move(place);
    return false;
  }

  // Linux comes to the same result, or has not been where the path leads.
  bool fail(int error) noexcept {
    return finish(untouched_ ? Place() : Place::failed(error == EMFILE ? ENFILE : error));
  }

  bool finish_on_host(HostFd found, dev_t device) noexcept {
    Place place;
    if (untouched_) return finish(std::move(place));
    if (!found.ok()) return fail(found.error());
    if (may_wait(device)) return fail(EXDEV);
    place.kind = Place::Kind::kHost;
    place.host = std::move(found);
    return finish(std::move(place));
  }

  Place arrive() noexcept {
    if (!in_tree_) {
      finish_on_host(open_place(here(), ".", O_DIRECTORY), device_);
    } else if (folder_wanted_ && !tree_.is_folder()) {
      fail(ENOTDIR);
    } else {
      end_.kind = Place::Kind::kTree;
      end_.path = tree_;
    }
    return std::move(end_);
  }

  // ---- the beginning

  bool begin_below(int dirfd) noexcept {
    if (dirfd != AT_FDCWD) return begin_at_descriptor(dirfd);
    const WorkingFolder* const kept = working_folder_of(tid_);
    if (kept == nullptr) {
      folder_ = open_place(-1, ThreadPath(tid_, "cwd").path, O_DIRECTORY);
      return folder_.ok() || fail(folder_.error());
    }
    untouched_ = false;
    if (!kept->host.ok()) return enter_tree(kept->path);
    if (!has_our_rights(tid_)) return fail(EACCES);
    folder_ = open_place(kept->host.get(), ".", O_DIRECTORY);
    return folder_.ok() || fail(folder_.error());
  }

  bool begin_at_descriptor(int dirfd) noexcept {
    const Place place = place_of_descriptor(tid_, dirfd);
    if (place.kind == Place::Kind::kTree && place.path.is_folder()) return enter_tree(place.path);
    if (place.is_ours()) return finish(Place::failed(ENOTDIR));
    folder_ = open_place(-1, ThreadPath(tid_, dirfd).path, O_DIRECTORY);
    return folder_.ok() || fail(folder_.error());
  }

  // Whether the host has it, by one look. If it has only the folder that the path ends in, the walk
  // begins there. (An absolute path is looked up from our root. If the program has another, what is
  // there matters only if that is a link to what is ours.)
  bool host_has(const char* path) noexcept {
    if (leads_to_oneself(path)) return false;
    const int from = absolute_ ? AT_FDCWD : here();
    if (open_cached(from, path, follow_ ? 0 : O_NOFOLLOW).ok()) return true;
    const char* const slash = std::strrchr(path, '/');
    const std::string_view last = slash != nullptr ? slash + 1 : path;
    if (slash == nullptr || slash == path || last.empty() || last == "." || last == ".." ||
        (absolute_ && !has_our_root())) {
      return false;
    }
    std::memcpy(path_, path, static_cast<std::size_t>(slash - path));
    path_[slash - path] = '\0';
    HostFd folder = open_cached(from, path_, O_DIRECTORY);
    if (folder.ok()) {
      folder_ = std::move(folder);
      rest_ = last;
    }
    return false;
  }

  // To who looks it up: the program, and not this process.
  static bool leads_to_oneself(std::string_view path) noexcept {
    constexpr std::string_view kPaths[] = {"/proc/self", "/proc/thread-self", "/dev/fd",
                                           "/dev/std"};
    return std::any_of(std::begin(kPaths), std::end(kPaths),
                       [path](std::string_view begin) { return path.starts_with(begin); });
  }

  bool has_our_root() const noexcept {
    static const Inode ours = host_status(-1, "/").inode;
    return host_status(-1, ThreadPath(tid_, "root").path).inode == ours;
  }

  // ---- names

  // Takes the next one off the path. False: there is none.
  bool next_name() noexcept {
    skip_slashes();
    if (rest_.empty()) return false;
    name_ = rest_.substr(0, rest_.find('/'));
    rest_.remove_prefix(name_.size());
    const bool slash = !rest_.empty();
    skip_slashes();
    last_ = rest_.empty();
    folder_wanted_ = folder_wanted_ || (last_ && slash);
    return true;
  }

  void skip_slashes() noexcept {
    while (rest_.starts_with('/')) rest_.remove_prefix(1);
  }

  bool is_followed() const noexcept { return !last_ || follow_ || folder_wanted_; }

  // Goes on with the target of a link, and then with the rest.
  bool follow_link(std::string_view target) noexcept {
    if (++links_ > kLinksMax) return fail(ELOOP);
    if (target.empty()) return fail(ENOENT);
    if (target.size() + 1 + rest_.size() >= sizeof path_) return fail(ENAMETOOLONG);
    std::memmove(path_ + target.size() + 1, rest_.data(), rest_.size());
    std::memcpy(path_, target.data(), target.size());
    path_[target.size()] = '/';
    rest_ = {path_, rest_.empty() ? target.size() : target.size() + 1 + rest_.size()};
    return target.front() != '/' || go_to_root();
  }

  // ---- in the tree

  bool step_in_tree() noexcept {
    Result<ProcPath> found = proc_resolve(tree_, name_, ProcFollow::kNo);
    if (found.error_code() == EXDEV) return leave_tree();
    if (!found.ok()) return fail(found.error_code());
    if (!found.value().is_symlink() || !is_followed()) {
      tree_ = found.value();
      return true;
    }
    ProcText target;
    const Result<void> read = proc_readlink(found.value(), target);
    return read.ok() ? follow_link(target.view()) : fail(read.error_code());
  }

  // By "..": where Linux has not been, with this process's rights.
  bool leave_tree() noexcept {
    if (!has_our_rights(tid_)) return fail(EACCES);
    if (!go_to_root()) return false;
    HostFd proc = open_place(root_.get(), "proc", O_DIRECTORY);
    if (!proc.ok()) return fail(proc.error());
    const dev_t device = host_status(proc.get(), "").inode.device;
    go_to(std::move(proc), device);
    return true;
  }

  // ---- on the host

  bool step_on_host() noexcept {
    if (name_ == ".") return true;
    if (name_ == "..") return is_at("root") || step_into("..", O_DIRECTORY);
    if (name_ == "ums" && is_at("root/proc")) return enter_ums();
    if (name_ == "ums" && is_at("root/dev")) return finish_at_device();
    if (name_.size() > NAME_MAX) return fail(ENAMETOOLONG);
    char name[NAME_MAX + 1];
    const bool is_self =
        (name_ == "self" || name_ == "thread-self") && is_followed() && is_at("root/proc");
    const std::size_t length = is_self ? spell_self(name) : name_.copy(name, NAME_MAX);
    name[length] = '\0';
    return step_into(name, O_NOFOLLOW);
  }

  bool enter_ums() noexcept {
    Result<ProcPath> ums = proc_resolve(ProcPath(), "ums", ProcFollow::kNo);
    return ums.ok() ? enter_tree(ums.value()) : fail(ums.error_code());
  }

  bool finish_at_device() noexcept {
    if (!last_ || folder_wanted_) return finish(Place::failed(ENOTDIR));
    Place place;
    place.kind = Place::Kind::kDevice;
    return finish(std::move(place));
  }

  // Links to oneself lead to who follows them, and that is not the program.
  std::size_t spell_self(char* name) const noexcept {
    const pid_t pid = process_of_thread(tid_);
    const auto end = name_ == "self" ? fmt::format_to_n(name, NAME_MAX, "{}", pid)
                                     : fmt::format_to_n(name, NAME_MAX, "{}/task/{}", pid, tid_);
    return static_cast<std::size_t>(end.out - name);
  }

  bool may_wait(dev_t device) noexcept {
    if (device != device_asked_for_) {
      device_may_wait_ = file_system_may_wait(device);
      device_asked_for_ = device;
    }
    return device_may_wait_;
  }

  bool step_into(const char* name, int flags) noexcept {
    if (may_wait(device_)) return fail(EXDEV);
    HostFd next = open_place(here(), name, flags);
    if (!next.ok()) return fail(next.error());
    const HostStatus status = host_status(next.get(), "");
    if (S_ISLNK(status.mode) && is_followed()) return follow_host_link(next.get(), name, status);
    if (S_ISDIR(status.mode)) {
      go_to(std::move(next), status.inode.device);
      return true;
    }
    return last_ && !folder_wanted_ ? finish_on_host(std::move(next), status.inode.device)
                                    : fail(ENOTDIR);
  }

  bool follow_host_link(int link, const char* name, const HostStatus& status) noexcept {
    const HostStatus proc = host_status(-1, ThreadPath(tid_, "root/proc").path);
    if (status.inode.device == proc.inode.device && !is_at("root/proc")) return jump(name);
    char target[PATH_MAX];
    const long length =
        raw_syscall(SYS_readlinkat, link, syscall_arg(""), syscall_arg(target), sizeof target);
    if (length < 0) return fail(static_cast<int>(-length));
    return follow_link({target, static_cast<std::size_t>(length)});
  }

  // Over a link of /proc/PID, whose text is not where it leads.
  bool jump(const char* name) noexcept {
    HostFd next = open_place(here(), name, 0);
    if (!next.ok()) return fail(next.error());
    const HostStatus status = host_status(next.get(), "");
    Place ours = of_inode(status.inode);
    if (ours.kind == Place::Kind::kTree) return enter_tree(ours.path);
    if (ours.kind == Place::Kind::kDevice) return finish_at_device();
    if (S_ISDIR(status.mode)) {
      go_to(std::move(next), status.inode.device);
      return true;
    }
    return last_ && !folder_wanted_ ? finish_on_host(std::move(next), status.inode.device)
                                    : fail(ENOTDIR);
  }

  const pid_t tid_;
  const bool follow_;  // a link at the end
  bool absolute_ = false;
  bool untouched_ = true;  // it has been where Linux would come, and nowhere else
  bool folder_wanted_ = false;
  bool last_ = false;
  bool in_tree_ = false;
  int links_ = 0;
  HostFd root_;
  HostFd folder_;
  dev_t device_ = 0;  // of here()
  dev_t device_asked_for_ = 0;
  bool device_may_wait_ = true;
  ProcPath tree_;
  std::string_view rest_;  // of the program's path, or in path_
  std::string_view name_;
  Place end_;
  char path_[2 * PATH_MAX];
};

}  // namespace

Place walk_path(pid_t tid, int dirfd, const char* path, bool follow) noexcept {
  return Walk(tid, follow).run(dirfd, path, false);
}

Place walk_path_for_us(pid_t tid, int dirfd, const char* path, bool follow) noexcept {
  return Walk(tid, follow).run(dirfd, path, true);
}

Place place_of_descriptor(pid_t tid, int fd) noexcept {
  if (!any_stand_in() && !any_file()) return {};
  Place place = of_inode(status_of_descriptor(tid, fd).inode);
  if (place.kind == Place::Kind::kTree) bring_up_to_date();
  return place;
}

Place place_of_working_folder(pid_t tid) noexcept {
  const WorkingFolder* const kept = working_folder_of(tid);
  if (kept == nullptr) return {};
  Place place;
  place.kind = kept->host.ok() ? Place::Kind::kHost : Place::Kind::kTree;
  if (kept->host.ok()) place.host = open_place(kept->host.get(), ".", O_DIRECTORY);
  place.path = kept->path;
  return place;
}

}  // namespace ums::kernel
