// SPDX-License-Identifier: Apache-2.0
//
// The table from descriptors to open Files (Linux: struct fdtable, fdget).
//
// A descriptor is a real one of the process (of /dev/null), so that it collides with no other and
// fcntl(2) works on it; the table, indexed by its number, says which File it stands for. Several
// descriptors can name one File (dup). The last close releases the File: at once if no task is
// inside it, else when the last system call in it ends.
//
// A system call takes no reference. It writes the File into Task::syscall_file and checks that the
// slot it was found in still holds it; a closer clears the slot, issues a membarrier and looks at
// every task. (Hazard pointers, M. Michael 2004, with the asymmetric barrier of membarrier(2).)
// A call therefore costs two stores, and a close costs what it must.
//
// Guarantees:
// 1. A File is not released while a task is inside it.
// 2. A descriptor that is closed answers EBADF from then on, whatever is inside its File.
// 3. Serial numbers of Files are never used twice.
//
// Thread safety: any thread. Not for signal handlers that interrupted the kernel: EBUSY.
#pragma once

#include <atomic>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/base/result.h"
#include "sim_kernel/dev/file.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sync/membarrier.h"

namespace ums::kernel {

// What a descriptor means.
enum class DescriptorKind { kForeign, kOurs, kDead };

// For whom a file is opened: the program gets the lowest free descriptor, the library one that is
// out of the program's way (base/own_descriptor.h).
enum class OpenFor { kProgram, kLibrary };

// Opens a File of `driver`. `flags` as for open(2), access mode checked by the driver's open.
// Returns its descriptor. Errors: those of open(2) on the placeholder, the driver's, ENOMEM.
Result<int> file_open(const FileOperations& driver, Task& me, int flags, OpenFor whom) noexcept;

// How a descriptor is duplicated: a system call, and its arguments behind the descriptor. dup3(2)
// and fcntl(2) with F_DUPFD are the others.
struct DupCall {
  long number = SYS_dup;
  long first = 0;
  long second = 0;
};

// Another descriptor of the same File. What the new number named before, it names no more; that may
// release another File. Errors: those of the call, EBADF for a dead descriptor, EMFILE for a number
// that is too large for the table, EBUSY (from a signal handler that interrupted the kernel).
// Context: outside the kernel.
Result<int> file_dup(int fd, DupCall call = {}) noexcept;

// Makes `fd`, which names a File, a descriptor of what `source` names, which is no File: dup3(2).
// May release the File. Errors: those of dup3(2), and then nothing has changed; EBUSY as file_dup.
// Context: outside the kernel.
Result<int> file_replace(int fd, int source, int flags) noexcept;

// Forgets what `fd` names if the program has closed the number behind our back. Returns whether it
// has. May release the File. Context: outside the kernel.
bool file_forget_stale(int fd) noexcept;

// Closes a descriptor of ours, dead ones included. May release the File. Errors: EBADF: the program
// has closed the number behind our back; it may be another file's by now, and is left alone. EBUSY:
// as file_dup.
// Context: outside the kernel.
Result<void> file_close(int fd) noexcept;

// Keeps the File that `fd` names until the process ends, whatever becomes of its descriptors.
// Returns it, or null if the descriptor is not ours.
File* file_pin(int fd) noexcept;

DescriptorKind descriptor_kind(int fd) noexcept;

// One above the highest number that has ever named a File.
int descriptors_end() noexcept;

// Every inherited File is dead in a forked child.
void files_reset_after_fork() noexcept;

extern std::atomic<File*> descriptor_table[kDescriptorsMax + 1]
    __attribute__((visibility("hidden")));

// The slot of a descriptor; that of a number which cannot be one is empty.
inline const std::atomic<File*>& descriptor_slot(int fd) noexcept {
  return descriptor_table[static_cast<unsigned>(fd) < kDescriptorsMax ? fd : kDescriptorsMax];
}

// Releases Files whose last system call has ended.
void release_closed_files() noexcept;

// What a dead descriptor names.
inline File* dead_file() noexcept { return reinterpret_cast<File*>(1); }

// Enters the File that `slot` holds, for one system call. Returns it, or null: there is none or a
// dead one (EBADF), or the task is in a system call already (EBUSY).
// Ordering: the barrier makes the store visible to a closer before the slot is read again.
inline __attribute__((always_inline)) File* file_enter(Task& me,
                                                       const std::atomic<File*>& slot) noexcept {
  File* const file = slot.load(std::memory_order_acquire);
  if (file <= dead_file() || me.syscall_file.load(std::memory_order_relaxed) != nullptr)
      [[unlikely]] {
    return nullptr;
  }
  store_then_light_barrier(me.syscall_file, file);
  if (slot.load(std::memory_order_acquire) != file) [[unlikely]] {
    me.syscall_file.store(nullptr, std::memory_order_release);
    return nullptr;
  }
  return file;
}

// Enters a File that stays (file_pin). Returns false if the task is in a system call already.
// Ordering: the barrier makes the store visible to who sends the task a signal before the caller
// looks at exit_work (parked_signals.h).
inline __attribute__((always_inline)) bool file_enter_pinned(Task& me, File& file) noexcept {
  if (me.syscall_file.load(std::memory_order_relaxed) != nullptr) [[unlikely]] {
    return false;
  }
  store_then_light_barrier(me.syscall_file, &file);
  return true;
}

// Leaves it. The caller looks at Task::exit_work next: kExitFile asks it to release the file.
// Ordering: release, so that who releases the File sees what the call did to it; and the barrier
// before exit_work is read: a closer that saw the task inside has set kExitFile, and this sees it,
// or the closer looks once more, and sees that the task has left.
inline __attribute__((always_inline)) void file_leave(Task& me) noexcept {
  store_then_light_barrier(me.syscall_file, nullptr);
}

}  // namespace ums::kernel
