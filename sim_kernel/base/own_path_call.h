// SPDX-License-Identifier: Apache-2.0
//
// own_path_call: a system call of the kernel itself about a path that is not below /proc/ums. Where
// a process shows /proc/ums to a program that has its kernel in it, the program's calls about paths
// go there first (server/filter.h), at a multiple of their cost; these do not.
//
// Linux passes six arguments to every system call, and one about a path takes fewer: the last says
// that it is such a call.
//
// Thread safety: as raw_syscall.
#pragma once

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

inline constexpr long kOwnPathCall = 0x5eed0a11;

inline __attribute__((always_inline)) long own_path_call(long number, long a, long b = 0,
                                                         long c = 0, long d = 0) noexcept {
  return raw_syscall(number, a, b, c, d, 0, kOwnPathCall);
}

}  // namespace ums::kernel
