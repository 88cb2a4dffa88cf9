// SPDX-License-Identifier: Apache-2.0
//
// OutputFile: where the kernel writes lines for people (UMS_LOG, UMS_TRACE): a file that is
// appended to, or standard error.
//
// The program shares our descriptor table, and may close everything it does not know. A write
// therefore first asks Linux whether the descriptor still is the file that was opened; if it is
// not, the line is dropped rather than written into a file of the program.
//
// Invariants:
// 1. A line is one write(2) to a file opened with O_APPEND: lines of several threads, and of
//    several processes, never mix, and a crash loses nothing that was written.
// 2. errno is never touched, nothing is allocated, no lock is taken.
//
// Thread safety: open() and close() while no other thread writes; write() from any thread and any
// signal handler.
#pragma once

#include <sys/types.h>

#include <string_view>

namespace ums::kernel {

class OutputFile {
 public:
  constexpr OutputFile() noexcept = default;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Opens `path` for appending, and makes it if it is not there. Returns 0 or a positive errno.
  int open(const char* path) noexcept;
  void open_stderr() noexcept;
  void close() noexcept;

  bool is_open() const noexcept { return descriptor_ >= 0; }

  // Writes `text` at the end. Failures are nobody's concern: a log does not stop a program.
  void write(std::string_view text) const noexcept;

 private:
  int descriptor_ = -1;
  dev_t device_ = 0;  // with inode_: what descriptor_ was when it was opened
  ino_t inode_ = 0;
};

// Writes a line to standard error by one bare system call. Where the kernel works for the programs
// of others, to that of the program it works for, unless it would have to wait there: the line is
// dropped, and nobody else waits for the reader.
void write_stderr(std::string_view text) noexcept;

// For machines with several programs: from now on that is `descriptor`. One thread.
void set_stderr(int descriptor) noexcept;

}  // namespace ums::kernel
