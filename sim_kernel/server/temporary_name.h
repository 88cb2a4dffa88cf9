// SPDX-License-Identifier: Apache-2.0
//
// TemporaryName: a path for a file that loses its name as soon as it is open. So no folder is left
// by a kernel process that is killed. While the object lives files are made with the mode that is
// asked for, whatever the umask is.
//
// Thread safety: one thread, the kernel loop.
#pragma once

namespace ums::kernel {

class TemporaryName {
 public:
  // A new one, which nobody can guess.
  TemporaryName() noexcept;
  ~TemporaryName();
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;

  char path[96];

 private:
  const long umask_;
};

}  // namespace ums::kernel
