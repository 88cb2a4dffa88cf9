// SPDX-License-Identifier: Apache-2.0
//
// Descriptors that the program did not ask for: the log's, the timeline's, and the library's file.
// Programs count on the numbers of theirs: the lowest free one is what open(2) gives, a closed
// standard input is to stay closed, and shells choose numbers by themselves.
//
// Thread safety: any thread.
#pragma once

#include <fcntl.h>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

// Moves a new descriptor out of the program's way, to kOwnDescriptorMin or above, close-on-exec.
// Returns its number; the one that it has where the limit of open files forbids another.
inline int move_descriptor_up(int descriptor) noexcept {
  const long moved = raw_syscall(SYS_fcntl, descriptor, F_DUPFD_CLOEXEC, kOwnDescriptorMin);
  if (moved < 0) return descriptor;
  raw_syscall(SYS_close, descriptor);
  return static_cast<int>(moved);
}

}  // namespace ums::kernel
