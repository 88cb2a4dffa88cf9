// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/mm/address_space.h"

#include <fcntl.h>
#include <sys/uio.h>

#include <atomic>
#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/mm/user_copy.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

namespace {

constinit std::atomic<bool> use_pipe{false};

void* as_pointer(unsigned long address) noexcept { return reinterpret_cast<void*>(address); }

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

}  // namespace

void user_copy_force_pipe(bool forced) noexcept {
  use_pipe.store(forced, std::memory_order_relaxed);
}

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

}  // namespace ums::kernel
