// SPDX-License-Identifier: Apache-2.0
//
// System calls that are about the device, made by syscall(2): they are the functions' of the same
// names. All others, those that Linux is to answer among these included, are a bare instruction.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "ums_api/preload/device_path.h"
#include "ums_api/preload/preload.h"
#include "ums_api/src/device_calls.h"
#include "ums_api/src/preload_hooks.h"

namespace {

using ums::api::is_foreign;
using ums::kernel::raw_syscall;
using ums::kernel::syscall_arg;
using ums::preload::names_device;

const char* as_path(long argument) noexcept {
  return reinterpret_cast<const char*>(static_cast<unsigned long>(argument));
}

mode_t as_mode(long argument) noexcept { return static_cast<mode_t>(argument); }

bool set(long& result, int returned) noexcept {
  result = returned < 0 ? -errno : returned;
  return true;
}

// Linux looks at `how` before it looks for the path, and finds none by this one.
bool linux_takes(long how, long bytes) noexcept {
  return raw_syscall(SYS_openat2, AT_FDCWD, syscall_arg(""), how, bytes) == -ENOENT;
}

// LIMIT: with restrictions of the path (RESOLVE_BENEATH and the like) nothing of ours is found.
bool answer_openat2(const long (&a)[6], long& result) {
  const auto folder = static_cast<int>(a[0]);
  if (!names_device(folder, as_path(a[1])) || !linux_takes(a[2], a[3])) return false;
  const open_how how = *reinterpret_cast<const open_how*>(static_cast<unsigned long>(a[2]));
  if (how.resolve != 0) return false;
  return set(result, ums_openat(folder, as_path(a[1]), static_cast<int>(how.flags),
                                static_cast<mode_t>(how.mode)));
}

bool answer_open(long number, const long (&a)[6], long& result) {
  switch (number) {
#ifdef SYS_open
    case SYS_open:
      if (!names_device(AT_FDCWD, as_path(a[0]))) return false;
      return set(result, ums_open(as_path(a[0]), static_cast<int>(a[1]), as_mode(a[2])));
    case SYS_creat:
      if (!names_device(AT_FDCWD, as_path(a[0]))) return false;
      return set(result, ums_creat(as_path(a[0]), as_mode(a[1])));
#endif
    case SYS_openat: {
      const auto folder = static_cast<int>(a[0]);
      if (!names_device(folder, as_path(a[1]))) return false;
      return set(result, ums_openat(folder, as_path(a[1]), static_cast<int>(a[2]), as_mode(a[3])));
    }
    case SYS_openat2:
      return answer_openat2(a, result);
    default:
      return false;
  }
}

// About the descriptor `fd`, and for dup2 and dup3 `other` too.
bool answer_descriptor(long number, const long (&a)[6], long& result) {
  const auto fd = static_cast<int>(a[0]);
  const auto second = static_cast<int>(a[1]);
  switch (number) {
    case SYS_ioctl:
      if (is_foreign(fd)) return false;
      return set(result,
                 ums_ioctl(fd, static_cast<unsigned long>(a[1]), static_cast<unsigned long>(a[2])));
    case SYS_close:
      return !is_foreign(fd) && set(result, ums_close(fd));
    case SYS_dup:
      return !is_foreign(fd) && set(result, ums_dup(fd));
#ifdef SYS_dup2
    case SYS_dup2:
      if (is_foreign(fd) && is_foreign(second)) return false;
      return set(result, ums_dup2(fd, second));
#endif
    case SYS_dup3:
      if (is_foreign(fd) && is_foreign(second)) return false;
      return set(result, ums_dup3(fd, second, static_cast<int>(a[2])));
    case SYS_fcntl:
      return !is_foreign(fd) &&
             set(result, ums_fcntl(fd, second, static_cast<unsigned long>(a[2])));
    default:
      return false;
  }
}

}  // namespace

bool ums::api::answer_system_call(long number, const long (&arguments)[6], long& result) {
  if (number == SYS_close_range) {
    return set(result, ums_close_range(static_cast<unsigned>(arguments[0]),
                                       static_cast<unsigned>(arguments[1]),
                                       static_cast<int>(arguments[2])));
  }
  return answer_open(number, arguments, result) || answer_descriptor(number, arguments, result);
}
