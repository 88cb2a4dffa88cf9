// SPDX-License-Identifier: Apache-2.0
//
// Reads a file of /proc where nothing but bare system calls is allowed: see raw_syscall.h.
//
// Thread safety: any thread, any stack; read_proc_file takes some 150 bytes of it.
#pragma once

#include <fcntl.h>

#include "sim_kernel/base/own_path_call.h"
#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

// Calls reader.read(c) for each byte of `path` until that returns true, or the file ends.
// Returns 0, or -errno of opening it: -EMFILE and -ENFILE are of this moment only.
template <typename Reader>
long read_proc_file(const char* path, Reader& reader) noexcept {
  const long fd = own_path_call(SYS_openat, AT_FDCWD, syscall_arg(path), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  char bytes[64];
  long count = 0;
  bool found = false;
  while (!found && (count = raw_syscall(SYS_read, fd, syscall_arg(bytes), sizeof bytes)) > 0) {
    for (long i = 0; i < count && !found; ++i) found = reader.read(bytes[i]);
  }
  raw_syscall(SYS_close, fd);
  return 0;
}

// Stores the beginning of `path` as a text that ends with '\0'; an empty one if it cannot be read.
inline void read_proc_text(const char* path, char* text, long room) noexcept {
  *text = '\0';
  const long fd = own_path_call(SYS_openat, AT_FDCWD, syscall_arg(path), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return;
  const long count = raw_syscall(SYS_read, fd, syscall_arg(text), room - 1);
  raw_syscall(SYS_close, fd);
  text[count > 0 ? count : 0] = '\0';
}

}  // namespace ums::kernel
