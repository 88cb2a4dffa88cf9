// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/filter.h"

#include <fcntl.h>
#include <seccomp.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>

namespace ums::kernel {

namespace {

constexpr int kNotified[] = {
    SCMP_SYS(ioctl), SCMP_SYS(open), SCMP_SYS(openat),       SCMP_SYS(openat2),
    SCMP_SYS(creat), SCMP_SYS(exit), SCMP_SYS(rt_sigreturn),
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
int add_rules(scmp_filter_ctx filter) noexcept {
  for (const int call : kNotified) {
    const int error = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, call, 0);
    if (error != 0 && error != -EDOM) return error;
  }
  for (const scmp_datum_t command : {scmp_datum_t{F_GETFL}, scmp_datum_t{F_SETFL}}) {
    const int error = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(fcntl), 1,
                                       SCMP_A1(SCMP_CMP_EQ, command));
    if (error != 0) return error;
  }
  return 0;
}

int load(scmp_filter_ctx filter) noexcept {
  // The errno of seccomp(2), not ECANCELED for all.
  int error = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
  if (error == 0) error = add_architectures(filter);
  if (error == 0) error = add_rules(filter);
  if (error == 0) error = seccomp_load(filter);
  return error == 0 ? seccomp_notify_fd(filter) : error;
}

}  // namespace

int install_filter() noexcept {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return -ENOMEM;
  const int result = load(filter);
  seccomp_release(filter);
  return result;
}

}  // namespace ums::kernel
