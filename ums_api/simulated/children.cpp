// SPDX-License-Identifier: Apache-2.0
//
// Waiting for child processes in a simulation: others go on meanwhile. No descriptor tells of them:
// where nobody else can go on they are looked for again after a while.
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/descriptors.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

UMS_EXPORT pid_t ums_wait(int* status) asm("wait");
UMS_EXPORT pid_t ums___wait(int* status) asm("__wait");
UMS_EXPORT pid_t ums_waitpid(pid_t pid, int* status, int options) asm("waitpid");
UMS_EXPORT pid_t ums___waitpid(pid_t pid, int* status, int options) asm("__waitpid");
UMS_EXPORT pid_t ums_wait3(int* status, int options, rusage* usage) asm("wait3");
UMS_EXPORT pid_t ums_wait4(pid_t pid, int* status, int options, rusage* usage) asm("wait4");
UMS_EXPORT int ums_waitid(idtype_t type, id_t id, siginfo_t* info, int options) asm("waitid");

namespace {

using namespace ums::api;
using ums::kernel::raw_syscall;
using ums::kernel::syscall_arg;
using ums::kernel::Task;

constinit NextSymbol<pid_t(pid_t, int*, int, rusage*)> next_wait4{"wait4"};
constinit NextSymbol<int(idtype_t, id_t, siginfo_t*, int)> next_waitid{"waitid"};

// Who is waited for, and whether it is there. What there is stays there.
struct Child {
  idtype_t type;
  id_t id;
  int options;
};

bool is_there(void* argument) noexcept {
  const Child& child = *static_cast<const Child*>(argument);
  siginfo_t info{};
  const long error = raw_syscall(SYS_waitid, child.type, static_cast<long>(child.id),
                                 syscall_arg(&info), child.options | WNOHANG | WNOWAIT, 0);
  return error != 0 || info.si_pid != 0;
}

Child child_of(pid_t pid, int options) noexcept {
  const int events = WEXITED | ((options & WUNTRACED) != 0 ? WSTOPPED : 0) | (options & WCONTINUED);
  const int all = options & static_cast<int>(__WALL | __WCLONE | __WNOTHREAD);
  if (pid == -1) return {P_ALL, 0, events | all};
  if (pid > 0) return {P_PID, static_cast<id_t>(pid), events | all};
  return {P_PGID, static_cast<id_t>(-pid), events | all};
}

// False, with errno: a handler has run.
bool await_child(Child child, int options) {
  Task* const me = current_simulated();
  if (me == nullptr) return true;
  descriptor_step(*me);
  if ((options & WNOHANG) != 0) return true;
  const int error = await_outside(*me, {is_there, &child, nullptr, 0}, ums::kernel::kNever, true);
  if (error != 0) errno = error;
  return error == 0;
}

}  // namespace

pid_t ums_wait4(pid_t pid, int* status, int options, rusage* usage) {
  if (!await_child(child_of(pid, options), options)) return -1;
  return next_wait4(pid, status, options, usage);
}

pid_t ums_wait3(int* status, int options, rusage* usage) {
  return ums_wait4(-1, status, options, usage);
}

pid_t ums_waitpid(pid_t pid, int* status, int options) {
  return ums_wait4(pid, status, options, nullptr);
}

pid_t ums___waitpid(pid_t pid, int* status, int options) {
  return ums_wait4(pid, status, options, nullptr);
}

pid_t ums_wait(int* status) { return ums_wait4(-1, status, 0, nullptr); }
pid_t ums___wait(int* status) { return ums_wait4(-1, status, 0, nullptr); }

int ums_waitid(idtype_t type, id_t id, siginfo_t* info, int options) {
  if (!await_child({type, id, options}, options)) return -1;
  return next_waitid(type, id, info, options);
}
