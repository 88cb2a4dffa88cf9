// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/base/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>

#include "sim_kernel/base/own_descriptor.h"
#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

namespace {

int stderr_descriptor = STDERR_FILENO;
bool stderr_of_others = false;

// Signals may interrupt it where it waits. Returns 0 or -errno.
long write_to(int descriptor, std::string_view text) noexcept {
  long result = 0;
  while (!text.empty() && (result >= 0 || result == -EINTR)) {
    result = raw_syscall(SYS_write, descriptor, syscall_arg(text.data()),
                         static_cast<long>(text.size()));
    if (result > 0) text.remove_prefix(static_cast<std::size_t>(result));
    if (result == 0) break;
  }
  return result < 0 ? result : 0;
}

// Whether a line can be written without waiting: a pipe has room for a page then.
bool takes_a_line(int descriptor) noexcept {
  pollfd wanted = {descriptor, POLLOUT, 0};
  constexpr timespec kNoTime = {0, 0};
  const long ready = raw_syscall(SYS_ppoll, syscall_arg(&wanted), 1, syscall_arg(&kNoTime), 0, 8);
  return ready > 0 && (wanted.revents & POLLOUT) != 0;
}

bool raw_fstat(int descriptor, struct stat& status) noexcept {
  return raw_syscall(SYS_fstat, descriptor, syscall_arg(&status)) == 0;
}

// Writes to a pipe, whose reader may be gone, without the SIGPIPE that would end the program.
void write_to_pipe(int descriptor, std::string_view text) noexcept {
  constexpr std::uint64_t kPipe = 1UL << (SIGPIPE - 1);
  constexpr timespec kNoTime = {0, 0};
  std::uint64_t mask = 0;
  std::uint64_t pending = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, syscall_arg(&kPipe), syscall_arg(&mask), 8);
  raw_syscall(SYS_rt_sigpending, syscall_arg(&pending), 8);
  const long result = write_to(descriptor, text);
  if (result == -EPIPE && (pending & kPipe) == 0) {
    raw_syscall(SYS_rt_sigtimedwait, syscall_arg(&kPipe), 0, syscall_arg(&kNoTime), 8);
  }
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&mask), 0, 8);
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
  if (descriptor_ == STDERR_FILENO) {
    write_to(STDERR_FILENO, text);
    return;
  }
  struct stat status {};
  if (!raw_fstat(descriptor_, status)) return;
  if (status.st_dev != device_ || status.st_ino != inode_) return;
  if (S_ISFIFO(status.st_mode)) return write_to_pipe(descriptor_, text);
  write_to(descriptor_, text);
}

void write_stderr(std::string_view text) noexcept {
  if (!stderr_of_others || takes_a_line(stderr_descriptor)) write_to(stderr_descriptor, text);
}

void set_stderr(int descriptor) noexcept {
  stderr_descriptor = descriptor;
  stderr_of_others = true;
}

}  // namespace ums::kernel
