// SPDX-License-Identifier: Apache-2.0
//
// Names of threads in a simulation. A thread that names itself, or asks for its name, would tell
// Linux about the kernel thread that all tasks run on: Linux is told about its own.
#include <fcntl.h>
#include <pthread.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "sim_kernel/base/raw_syscall.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/threads.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::raw_syscall;
using ums::kernel::syscall_arg;
using ums::kernel::Task;

constexpr std::size_t kNameBytes = 16;  // Linux's TASK_COMM_LEN, with the final 0

constinit NextSymbol<int(pthread_t, const char*)> next_setname{"pthread_setname_np"};
constinit NextSymbol<int(pthread_t, char*, std::size_t)> next_getname{"pthread_getname_np"};

// The file that Linux keeps the name of a kernel thread in. Returns a descriptor or -errno.
long open_name(const Task& task, int flags) noexcept {
  std::array<char, 64> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "/proc/self/task/{}/comm", task.machine.home.tid);
  return raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(path.data()), flags | O_CLOEXEC);
}

int write_name(const Task& task, std::string_view name) noexcept {
  const long file = open_name(task, O_WRONLY);
  if (file < 0) return static_cast<int>(-file);
  const long written =
      raw_syscall(SYS_write, file, syscall_arg(name.data()), static_cast<long>(name.size()));
  raw_syscall(SYS_close, file);
  return written < 0 ? static_cast<int>(-written) : 0;
}

int read_name(const Task& task, char* name) noexcept {
  const long file = open_name(task, O_RDONLY);
  if (file < 0) return static_cast<int>(-file);
  const long bytes = raw_syscall(SYS_read, file, syscall_arg(name), kNameBytes);
  raw_syscall(SYS_close, file);
  if (bytes <= 0) return bytes < 0 ? static_cast<int>(-bytes) : EIO;
  name[bytes - 1] = '\0';  // in the place of the end of the line
  return 0;
}

}  // namespace

UMS_EXPORT int pthread_setname_np(pthread_t handle, const char* name) noexcept {
  const Task* const me = current_simulated();
  if (me == nullptr) return next_setname(handle, name);
  ums::kernel::SimulatedThread* const thread = find_thread(handle);
  if (thread != nullptr) thread->was_named = true;
  if (handle != pthread_self()) return next_setname(handle, name);
  return std::strlen(name) < kNameBytes ? write_name(*me, name) : ERANGE;
}

UMS_EXPORT int pthread_getname_np(pthread_t handle, char* name, std::size_t bytes) noexcept {
  const Task* const me = current_simulated();
  if (me == nullptr || handle != pthread_self()) return next_getname(handle, name, bytes);
  return bytes >= kNameBytes ? read_name(*me, name) : ERANGE;
}
