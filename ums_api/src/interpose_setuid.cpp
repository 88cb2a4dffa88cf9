// SPDX-License-Identifier: Apache-2.0
//
// setuid and its family, while threads are captured. Linux keeps ids by kernel thread; glibc makes
// all threads of a process change theirs with a signal, and waits until each has answered in its
// own thread control block, which a suspended worker never does. So the call is refused, with EPERM
// and a report, rather than to hang. Without captured threads it is the C library's.
#include <grp.h>
#include <unistd.h>

#include <cerrno>

#include "sim_kernel/debug/misuse.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/parallel/system_call.h"
#include "sim_kernel/sched/task.h"
#include "ums_api/src/export.h"
#include "ums_api/src/interpose.h"
#include "ums_api/src/next_symbol.h"

namespace {

using ums::api::NextSymbol;
using ums::kernel::Task;
using ums::kernel::TaskState;

constinit ums::kernel::Misuse ids_with_workers{
    "does it: there each worker has a kernel thread of its own, which answers",
    "change ids before the first worker is made, or after the last has ended"};

constinit NextSymbol<int(uid_t)> next_setuid{"setuid"};
constinit NextSymbol<int(gid_t)> next_setgid{"setgid"};
constinit NextSymbol<int(uid_t)> next_seteuid{"seteuid"};
constinit NextSymbol<int(gid_t)> next_setegid{"setegid"};
constinit NextSymbol<int(uid_t, uid_t)> next_setreuid{"setreuid"};
constinit NextSymbol<int(gid_t, gid_t)> next_setregid{"setregid"};
constinit NextSymbol<int(uid_t, uid_t, uid_t)> next_setresuid{"setresuid"};
constinit NextSymbol<int(gid_t, gid_t, gid_t)> next_setresgid{"setresgid"};
constinit NextSymbol<int(std::size_t, const gid_t*)> next_setgroups{"setgroups"};
constinit NextSymbol<int(const char*, gid_t)> next_initgroups{"initgroups"};

// Whether a thread is suspended, or runs on another's kernel thread (which is then in EXEC).
bool any_task_captured() noexcept {
  const ums::kernel::KernelSection section;
  bool found = false;
  ums::kernel::for_each_task(
      [](Task& task, void* result) {
        const TaskState state = task.state.load(std::memory_order_acquire);
        if (state == TaskState::kSuspended || state == TaskState::kExecuting) {
          *static_cast<bool*>(result) = true;
        }
      },
      &found);
  return found;
}

template <typename... Parameters, typename... Args>
int unless_captured(const char* name, NextSymbol<int(Parameters...)>& next, Args... args) noexcept {
  const bool captured = any_task_captured();
  ums::kernel::exit_sections();
  if (!captured) return next(args...);
  ums::kernel::report_misuse(ids_with_workers, "{} while workers are suspended or run", name);
  errno = EPERM;
  return -1;
}

}  // namespace

void ums::api::interpose_setuid() noexcept {
  next_setuid.resolve();
  next_setgid.resolve();
  next_seteuid.resolve();
  next_setegid.resolve();
  next_setreuid.resolve();
  next_setregid.resolve();
  next_setresuid.resolve();
  next_setresgid.resolve();
  next_setgroups.resolve();
  next_initgroups.resolve();
}

UMS_EXPORT int setuid(uid_t uid) noexcept { return unless_captured("setuid", next_setuid, uid); }

UMS_EXPORT int setgid(gid_t gid) noexcept { return unless_captured("setgid", next_setgid, gid); }

UMS_EXPORT int seteuid(uid_t uid) noexcept { return unless_captured("seteuid", next_seteuid, uid); }

UMS_EXPORT int setegid(gid_t gid) noexcept { return unless_captured("setegid", next_setegid, gid); }

UMS_EXPORT int setreuid(uid_t real, uid_t effective) noexcept {
  return unless_captured("setreuid", next_setreuid, real, effective);
}

UMS_EXPORT int setregid(gid_t real, gid_t effective) noexcept {
  return unless_captured("setregid", next_setregid, real, effective);
}

UMS_EXPORT int setresuid(uid_t real, uid_t effective, uid_t saved) noexcept {
  return unless_captured("setresuid", next_setresuid, real, effective, saved);
}

UMS_EXPORT int setresgid(gid_t real, gid_t effective, gid_t saved) noexcept {
  return unless_captured("setresgid", next_setresgid, real, effective, saved);
}

UMS_EXPORT int setgroups(std::size_t count, const gid_t* groups) noexcept {
  return unless_captured("setgroups", next_setgroups, count, groups);
}

UMS_EXPORT int initgroups(const char* user, gid_t group) {
  return unless_captured("initgroups", next_initgroups, user, group);
}
