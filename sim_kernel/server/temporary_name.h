// SPDX-License-Identifier: Apache-2.0
//
// TemporaryName: a path for a file that loses its name as soon as it is open. So no folder is left
// by a kernel process that is killed.
//
// Thread safety: one thread, the kernel loop.
#pragma once

namespace ums::kernel {

struct TemporaryName {
  // A new one, which nobody can guess.
  TemporaryName() noexcept;

  char path[96];
};

}  // namespace ums::kernel
