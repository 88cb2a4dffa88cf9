// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/clients/client_memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/mm/address_space.h"
#include "sim_kernel/mm/user_ptr.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/server/listener.h"

namespace ums::kernel {

namespace {

// Calls that look right fail; once is enough to say why.
[[gnu::cold]] void report_forbidden(pid_t tid) noexcept {
  static bool reported = false;
  if (std::exchange(reported, true)) return;
  pr_warn(
      "thread {} finds no device, since its memory may not be read: either it has made itself "
      "undumpable, or a program that has joined by --attach has forked it, where "
      "kernel.yama.ptrace_scope is 1 (as root: sysctl kernel.yama.ptrace_scope=0)",
      tid);
}

bool move(long call, pid_t tid, void* ours, std::uint64_t theirs, std::size_t bytes) noexcept {
  const iovec local = {ours, bytes};
  const iovec remote = {reinterpret_cast<void*>(theirs), bytes};
  const long moved = raw_syscall(call, tid, syscall_arg(&local), 1, syscall_arg(&remote), 1, 0);
  if (moved == -EPERM) [[unlikely]] {
    report_forbidden(tid);
  }
  return moved == static_cast<long>(bytes);
}

// Whether the caller's thread is still where its call found it.
bool still_waits(Task& me) noexcept {
  MachineTask& machine = me.machine;
  if (machine.slept && !machine.waiting.listener->is_waiting(machine.waiting.id)) return false;
  machine.slept = false;
  return true;
}

// Objects are copied in one piece, or, where they cross into another page, in two, the second
// first.
void note_copied_out(CopiedOut& copied, std::uint64_t to, const void* from,
                     std::size_t bytes) noexcept {
  const bool precedes = to + bytes == copied.address;
  const std::size_t rest = precedes ? copied.bytes : 0;
  kassert(bytes + rest <= sizeof copied.data, "{} bytes copied out by one call", bytes + rest);
  std::memmove(copied.data + bytes, copied.data, rest);
  std::memcpy(copied.data, from, bytes);
  copied.address = to;
  copied.bytes = static_cast<std::uint32_t>(bytes + rest);
}

}  // namespace

bool read_client(pid_t tid, void* to, std::uint64_t from, std::size_t bytes) noexcept {
  return move(SYS_process_vm_readv, tid, to, from, bytes);
}

bool write_client(pid_t tid, std::uint64_t to, const void* from, std::size_t bytes) noexcept {
  return move(SYS_process_vm_writev, tid, const_cast<void*>(from), to, bytes);
}

// A text may end just before a page that is not there.
long read_client_string(pid_t tid, char* to, std::uint64_t from, std::size_t bytes) noexcept {
  std::size_t length = 0;
  while (length < bytes) {
    const std::uint64_t at = from + length;
    const std::size_t part = std::min<std::size_t>(bytes - length, kPageBytes - at % kPageBytes);
    if (!read_client(tid, to + length, at, part)) return -1;
    const void* const end = std::memchr(to + length, '\0', part);
    if (end != nullptr) return static_cast<const char*>(end) - to;
    length += part;
  }
  return -1;
}

bool write_piece(unsigned long to, const void* from, std::size_t bytes) noexcept {
  Task& me = *current_task();
  if (!still_waits(me) || !write_client(me.tid, to, from, bytes)) return false;
  note_copied_out(me.machine.copied_out, to, from, bytes);
  return true;
}

bool read_piece(void* to, unsigned long from, std::size_t bytes) noexcept {
  Task& me = *current_task();
  return still_waits(me) && read_client(me.tid, to, from, bytes);
}

}  // namespace ums::kernel
