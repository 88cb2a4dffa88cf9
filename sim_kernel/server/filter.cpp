// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/filter.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "sim_kernel/base/own_path_call.h"
#include "sim_kernel/server/paths/path_call.h"

namespace ums::kernel {

namespace {

// Calls of the device, and what ends a thread or a handler in the middle of one.
constexpr int kDeviceCalls[] = {SCMP_SYS(ioctl), SCMP_SYS(exit), SCMP_SYS(rt_sigreturn)};

// Besides those of path_call.h.
constexpr int kFileCalls[] = {
    SCMP_SYS(open),  SCMP_SYS(openat), SCMP_SYS(openat2),
    SCMP_SYS(creat), SCMP_SYS(execve), SCMP_SYS(execveat),
};

// Without rules for these, and with the usual action for unknown ones, their programs would die.
int add_architectures(scmp_filter_ctx filter) noexcept {
  int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
#if defined(__x86_64__)
  for (const std::uint32_t architecture :
       {std::uint32_t{SCMP_ARCH_X86}, std::uint32_t{SCMP_ARCH_X32}}) {
    const int added = error == 0 ? seccomp_arch_add(filter, architecture) : 0;
    if (added != -EEXIST && error == 0) error = added;
  }
#endif
  return error;
}

// A system call that an architecture does not have is none of its filter's business.
int add_rule(scmp_filter_ctx filter, int call, std::span<const scmp_arg_cmp> where) noexcept {
  const int error = seccomp_rule_add_array(filter, SCMP_ACT_NOTIFY, call,
                                           static_cast<unsigned>(where.size()), where.data());
  return error == -EDOM || error == -EEXIST ? 0 : error;
}

int add_calls(scmp_filter_ctx filter, std::span<const int> calls,
              std::span<const scmp_arg_cmp> where = {}) noexcept {
  for (const int call : calls) {
    if (call == SCMP_SYS(lseek)) continue;
    const int error = add_rule(filter, call, where);
    if (error != 0) return error;
  }
  return 0;
}

// But for those that the kernel makes itself, in a program that has it.
int add_path_calls(scmp_filter_ctx filter) noexcept {
  const scmp_arg_cmp is_not_own = {5, SCMP_CMP_NE, scmp_datum_t{kOwnPathCall}, 0};
  const int error = add_calls(filter, kFileCalls, {&is_not_own, 1});
  return error != 0 ? error : add_calls(filter, path_call_numbers(), {&is_not_own, 1});
}

// lseek is frequent, and only rewinddir(3) and seekdir(3) matter.
int add_seeks(scmp_filter_ctx filter) noexcept {
  constexpr scmp_datum_t kHigh = ~scmp_datum_t{0} << 32;
  const scmp_arg_cmp to_beginning[] = {{1, SCMP_CMP_EQ, 0, 0}, {2, SCMP_CMP_EQ, SEEK_SET, 0}};
  const scmp_arg_cmp to_entry[] = {{1, SCMP_CMP_MASKED_EQ, kHigh, kFolderOffset},
                                   {2, SCMP_CMP_EQ, SEEK_SET, 0}};
  const int error = seccomp_rule_add_array(filter, SCMP_ACT_NOTIFY, SCMP_SYS(lseek), 2, to_entry);
  return error != 0
             ? error
             : seccomp_rule_add_array(filter, SCMP_ACT_NOTIFY, SCMP_SYS(lseek), 2, to_beginning);
}

int add_rules(scmp_filter_ctx filter, bool paths_only) noexcept {
  int failed = paths_only ? 0 : add_calls(filter, kDeviceCalls);
  if (failed == 0) failed = add_path_calls(filter);
  if (failed == 0) failed = add_seeks(filter);
  // Linux goes through the filter from its beginning.
  if (failed == 0 && !paths_only) failed = seccomp_syscall_priority(filter, SCMP_SYS(ioctl), 255);
  if (failed != 0) return failed;
  for (const scmp_datum_t command : {scmp_datum_t{F_GETFL}, scmp_datum_t{F_SETFL}}) {
    const scmp_arg_cmp is_command = {1, SCMP_CMP_EQ, command, 0};
    const int error =
        seccomp_rule_add_array(filter, SCMP_ACT_NOTIFY, SCMP_SYS(fcntl), 1, &is_command);
    if (error != 0) return error;
  }
  return 0;
}

// The filter's program. libseccomp would load it too, but not say why it could not.
class Program {
 public:
  // Returns 0 or -errno.
  // It goes through a pipe, which has room for it: the program may write no files (RLIMIT_FSIZE).
  int read_from(scmp_filter_ctx filter) noexcept {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -errno;
    int error = seccomp_export_bpf(filter, ends[1]);
    if (error == 0) error = read_pipe(ends[0]);
    close(ends[0]);
    close(ends[1]);
    return error;
  }

  // Returns the listener or -errno.
  int install(bool paths_only) const noexcept {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
    int listener = paths_only ? set(kWaitKillable) : -EINVAL;
    if (listener == -EINVAL) listener = set(0);
    return listener;
  }

 private:
  // Since Linux 5.19: no signal interrupts a call that has been sent. No signal shall interrupt
  // those about files, but those of the device.
  static constexpr unsigned kWaitKillable = 1U << 5;

  int set(unsigned flags) const noexcept {
    const sock_fprog program = {length_, const_cast<sock_filter*>(instructions_)};
    const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                  SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, &program);
    return listener >= 0 ? static_cast<int>(listener) : -errno;
  }

  int read_pipe(int pipe) noexcept {
    const ssize_t bytes = read(pipe, instructions_, sizeof instructions_);
    if (bytes < 0) return -errno;
    length_ = static_cast<unsigned short>(static_cast<std::size_t>(bytes) / sizeof(sock_filter));
    return static_cast<std::size_t>(bytes) < sizeof instructions_ ? 0 : -E2BIG;
  }

  sock_filter instructions_[1024];
  unsigned short length_ = 0;
};

int build_and_install(scmp_filter_ctx filter, bool paths_only) noexcept {
  int error = add_architectures(filter);
  if (error == 0) error = add_rules(filter, paths_only);
  Program program;
  if (error == 0) error = program.read_from(filter);
  return error == 0 ? program.install(paths_only) : error;
}

int install(bool paths_only) noexcept {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return -ENOMEM;
  const int result = build_and_install(filter, paths_only);
  seccomp_release(filter);
  return result;
}

}  // namespace

int install_filter() noexcept { return install(false); }
int install_path_filter() noexcept { return install(true); }

}  // namespace ums::kernel
