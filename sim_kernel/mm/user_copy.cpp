// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/mm/user_copy.h"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

namespace {

constinit std::atomic<bool> use_pipe{false};

void* as_pointer(unsigned long address) noexcept { return reinterpret_cast<void*>(address); }

// Pieces never cross a page: each fails or succeeds as a whole.
std::size_t to_page_end(unsigned long address) noexcept {
  return kPageBytes - address % kPageBytes;
}

// ---- by process_vm_readv and process_vm_writev on ourselves

// Moves one piece; false if it did not move, or if the calls are not to be had here, which is
// remembered.
bool move_by_process_vm(long call, void* ours, unsigned long theirs, std::size_t bytes) noexcept {
  const iovec local = {ours, bytes};
  const iovec remote = {as_pointer(theirs), bytes};
  const long result =
      raw_syscall(call, kernel_pid, syscall_arg(&local), 1, syscall_arg(&remote), 1, 0);
  if (result == -EPERM || result == -ENOSYS) use_pipe.store(true, std::memory_order_relaxed);
  return result == static_cast<long>(bytes);
}

// ---- by a pipe: made for each piece, since the program might close one that stays

class Pipe {
 public:
  Pipe() noexcept {
    open_ = raw_syscall(SYS_pipe2, syscall_arg(ends_), O_CLOEXEC | O_NONBLOCK) == 0;
  }
  ~Pipe() {
    if (!open_) return;
    raw_syscall(SYS_close, ends_[0]);
    raw_syscall(SYS_close, ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  // Moves one piece through; false if either address is bad, or there was no descriptor left.
  bool move(unsigned long to, unsigned long from, std::size_t bytes) const noexcept {
    const long count = static_cast<long>(bytes);
    return open_ &&
           raw_syscall(SYS_write, ends_[1], syscall_arg(as_pointer(from)), count) == count &&
           raw_syscall(SYS_read, ends_[0], syscall_arg(as_pointer(to)), count) == count;
  }

 private:
  int ends_[2];
  bool open_;
};

// ---- one piece, either way

bool write_piece(unsigned long to, const void* from, std::size_t bytes) noexcept {
  if (!use_pipe.load(std::memory_order_relaxed)) {
    if (move_by_process_vm(SYS_process_vm_writev, const_cast<void*>(from), to, bytes)) return true;
    if (!use_pipe.load(std::memory_order_relaxed)) return false;
  }
  return Pipe().move(to, reinterpret_cast<unsigned long>(from), bytes);
}

bool read_piece(void* to, unsigned long from, std::size_t bytes) noexcept {
  if (!use_pipe.load(std::memory_order_relaxed)) {
    if (move_by_process_vm(SYS_process_vm_readv, to, from, bytes)) return true;
    if (!use_pipe.load(std::memory_order_relaxed)) return false;
  }
  return Pipe().move(reinterpret_cast<unsigned long>(to), from, bytes);
}

// Writes a small object that crosses from one page into the next, or nothing: the part on the
// second page goes first, and is put back if the first page cannot be written.
bool write_across(unsigned long to, const char* from, std::size_t bytes) noexcept {
  const std::size_t head = to_page_end(to);
  const std::size_t tail = bytes - head;
  char before[kUserObjectBytesMax];
  if (!read_piece(before, to + head, tail)) return false;
  if (!write_piece(to + head, from + head, tail)) return false;
  if (write_piece(to, from, head)) return true;
  [[maybe_unused]] const bool restored = write_piece(to + head, before, tail);
  return false;
}

}  // namespace

void user_copy_force_pipe(bool forced) noexcept {
  use_pipe.store(forced, std::memory_order_relaxed);
}

std::size_t copy_to_user_slow(unsigned long to, const void* from, std::size_t bytes) noexcept {
  const char* const source = static_cast<const char*>(from);
  if (bytes <= kUserObjectBytesMax && bytes > to_page_end(to)) {
    return write_across(to, source, bytes) ? 0 : bytes;
  }
  std::size_t done = 0;
  while (done < bytes) {
    const std::size_t piece = std::min(bytes - done, to_page_end(to + done));
    if (!write_piece(to + done, source + done, piece)) break;
    done += piece;
  }
  return bytes - done;
}

std::size_t copy_from_user_slow(void* to, unsigned long from, std::size_t bytes) noexcept {
  char* const target = static_cast<char*>(to);
  std::size_t done = 0;
  while (done < bytes) {
    const std::size_t piece = std::min(bytes - done, to_page_end(from + done));
    if (!read_piece(target + done, from + done, piece)) break;
    done += piece;
  }
  return bytes - done;
}

}  // namespace ums::kernel
