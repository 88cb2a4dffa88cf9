// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/base/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim_kernel/base/own_descriptor.h"
#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

namespace {

bool raw_fstat(int descriptor, struct stat& status) noexcept {
  return raw_syscall(SYS_fstat, descriptor, syscall_arg(&status)) == 0;
}

}  // namespace

int OutputFile::open(const char* path) noexcept {
  close();
  const long opened = raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(path),
                                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
  if (opened < 0) return static_cast<int>(-opened);
  const int descriptor = move_descriptor_up(static_cast<int>(opened));
  struct stat status {};
  raw_fstat(descriptor, status);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  descriptor_ = descriptor;
  return 0;
}

void OutputFile::open_stderr() noexcept {
  close();
  descriptor_ = STDERR_FILENO;
}

void OutputFile::close() noexcept {
  if (descriptor_ > STDERR_FILENO) raw_syscall(SYS_close, descriptor_);
  descriptor_ = -1;
}

void OutputFile::write(std::string_view text) const noexcept {
  if (descriptor_ == STDERR_FILENO) return write_stderr(text);
  struct stat status {};
  if (!raw_fstat(descriptor_, status)) return;
  if (status.st_dev != device_ || status.st_ino != inode_) return;
  raw_syscall(SYS_write, descriptor_, syscall_arg(text.data()), static_cast<long>(text.size()));
}

void write_stderr(std::string_view text) noexcept {
  raw_syscall(SYS_write, STDERR_FILENO, syscall_arg(text.data()), static_cast<long>(text.size()));
}

}  // namespace ums::kernel
