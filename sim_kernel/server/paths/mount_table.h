// SPDX-License-Identifier: Apache-2.0
//
// Which file systems can be asked without waiting for another program.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <sys/types.h>

namespace ums::kernel {

// Whether a look into a file system on `device` may wait for a program: FUSE, or one that is not
// mounted for this process.
bool file_system_may_wait(dev_t device) noexcept;

}  // namespace ums::kernel
