// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/paths/working_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>

#include <boost/intrusive/set.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sim_kernel/mm/slab.h"
#include "sim_kernel/server/clients/thread_status.h"
#include "sim_kernel/server/event_source.h"

namespace ums::kernel {

namespace {

namespace intrusive = boost::intrusive;

// A process that was met.
struct Owner final : EventSource {
  Owner(pid_t process, HostFd process_fd) noexcept
      : EventSource(Kind::kEnds), pid(process), pidfd(std::move(process_fd)) {}

  void on_event(std::uint32_t events) noexcept override;

  const pid_t pid;
  const HostFd pidfd;
  bool is_linux_s = true;  // its folder
  WorkingFolder folder;
  intrusive::set_member_hook<> hook;
};

struct ByPid {
  using type = pid_t;
  pid_t operator()(const Owner& owner) const noexcept { return owner.pid; }
};

intrusive::set<Owner, intrusive::member_hook<Owner, intrusive::set_member_hook<>, &Owner::hook>,
               intrusive::key_of_value<ByPid>>
    owners;

constinit ObjectCache<Owner> cache{"working_folder"};
unsigned kept = 0;  // folders that are not Linux's

Owner* find(pid_t pid) noexcept {
  const auto found = owners.find(pid);
  return found != owners.end() ? &*found : nullptr;
}

void forget(Owner& owner) noexcept {
  forget_events(owner.pidfd.get());
  owners.erase(owners.iterator_to(owner));
  cache.destroy(&owner);
}

// Without folders to inherit nobody needs to be known.
void forget_all_if_unused() noexcept {
  while (kept == 0 && !owners.empty()) forget(*owners.begin());
}

void assign(Owner& owner, const Owner* from) noexcept {
  if (!owner.is_linux_s) --kept;
  owner.is_linux_s = from == nullptr || from->is_linux_s;
  owner.folder = {};
  if (owner.is_linux_s) return;
  ++kept;
  owner.folder.path = from->folder.path;
  if (from->folder.host.ok()) {
    owner.folder.host = HostFd(raw_syscall(SYS_fcntl, from->folder.host.get(), F_DUPFD_CLOEXEC, 0));
  }
}

// Errors: ENOMEM, ENFILE, ESRCH.
Result<Owner*> meet(pid_t pid, const Owner* parent) noexcept {
  HostFd pidfd(raw_syscall(SYS_pidfd_open, pid, 0));
  if (!pidfd.ok()) return Error{pidfd.error() == EMFILE ? ENFILE : ESRCH};
  const int descriptor = pidfd.get();
  Owner* const owner = cache.create(pid, std::move(pidfd));
  if (owner == nullptr) return Error{ENOMEM};
  if (!watch_events(descriptor, EPOLLIN, *owner)) {
    cache.destroy(owner);
    return Error{ENOMEM};
  }
  owners.insert(*owner);
  assign(*owner, parent);
  return owner;
}

// The nearest process above `pid` that was met, or null.
const Owner* ancestor_of(pid_t pid) noexcept {
  constexpr int kGenerationsMax = 100;
  for (int i = 0; i < kGenerationsMax && pid > 1; ++i) {
    pid = parent_of_process(pid);
    if (const Owner* const found = find(pid)) return found;
  }
  return nullptr;
}

Result<Owner*> find_or_meet(pid_t pid) noexcept {
  Owner* const owner = find(pid);
  return owner != nullptr ? Result<Owner*>(owner) : meet(pid, ancestor_of(pid));
}

// ---- children that were not met

void meet_children(pid_t pid, const Owner* parent, int generation) noexcept;

// `children` is the text of a file with their ids.
void meet_each(char* children, const Owner* parent, int generation) noexcept {
  char* rest = nullptr;
  for (char* word = strtok_r(children, " ", &rest); word; word = strtok_r(nullptr, " ", &rest)) {
    const pid_t child = std::atoi(word);
    if (child <= 0 || find(child) != nullptr) continue;
    (void)meet(child, parent);
    meet_children(child, parent, generation + 1);
  }
}

// Those of one thread. LIMIT: the first thousand or so.
void meet_children_of_thread(pid_t pid, const char* tid, const Owner* parent,
                             int generation) noexcept {
  char path[64];
  *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/task/{}/children", pid, tid).out = '\0';
  const HostFd file(raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(path), O_RDONLY | O_CLOEXEC, 0));
  char text[8192];
  const long count =
      file.ok() ? raw_syscall(SYS_read, file.get(), syscall_arg(text), sizeof text - 1) : 0;
  text[count > 0 ? count : 0] = '\0';
  meet_each(text, parent, generation);
}

void meet_children(pid_t pid, const Owner* parent, int generation) noexcept {
  constexpr int kGenerationsMax = 20;
  if (generation > kGenerationsMax) return;
  const HostFd tasks(raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(ThreadPath(pid, "task").path),
                                 O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  alignas(dirent64) char entries[2048];
  long count = 0;
  while (tasks.ok() && (count = raw_syscall(SYS_getdents64, tasks.get(), syscall_arg(entries),
                                            sizeof entries)) > 0) {
    for (long at = 0; at < count;) {
      const auto& entry = *reinterpret_cast<const dirent64*>(entries + at);
      if (entry.d_name[0] != '.') {
        meet_children_of_thread(pid, entry.d_name, parent, generation);
      }
      at += entry.d_reclen;
    }
  }
}

}  // namespace

void Owner::on_event(std::uint32_t /*events*/) noexcept {
  if (!is_linux_s) --kept;
  forget(*this);
}

const WorkingFolder* working_folder_of(pid_t tid) noexcept {
  if (kept == 0) return nullptr;
  const Owner* owner = find(tid);
  if (owner == nullptr) {
    const pid_t pid = process_of_thread(tid);
    Result<Owner*> met = pid > 0 ? find_or_meet(pid) : Result<Owner*>(Error{ESRCH});
    owner = met.ok() ? met.value() : ancestor_of(pid);
  }
  return owner != nullptr && !owner->is_linux_s ? &owner->folder : nullptr;
}

Result<void> working_folder_set(pid_t tid, WorkingFolder folder) noexcept {
  const pid_t pid = process_of_thread(tid);
  if (pid <= 0) return Error{ESRCH};
  Owner& owner = *TRY(find_or_meet(pid));
  meet_children(pid, &owner, 0);
  if (owner.is_linux_s) ++kept;
  owner.is_linux_s = false;
  owner.folder = std::move(folder);
  return {};
}

void working_folder_forget(pid_t tid) noexcept {
  if (working_folder_of(tid) == nullptr) return;
  Owner* const owner = find(process_of_thread(tid));
  if (owner == nullptr) return;
  meet_children(owner->pid, owner, 0);
  assign(*owner, nullptr);
  forget_all_if_unused();
}

bool any_working_folder() noexcept { return !owners.empty(); }

}  // namespace ums::kernel
