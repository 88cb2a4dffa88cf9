// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/descriptor_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <boost/intrusive/list.hpp>

#include "sim_kernel/base/own_descriptor.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/parallel/system_call.h"
#include "sim_kernel/sync/spinlock.h"
#include "sim_kernel/trace/trace.h"

namespace ums::kernel {

// The library opens a file before the constructors of static objects run.
constinit std::atomic<File*> descriptor_table[kDescriptorsMax + 1];

namespace {

Result<int> descriptor_result(long result) noexcept {
  if (result < 0) return Error{static_cast<int>(-result)};
  return static_cast<int>(result);
}

// /dev/null is what the device is to open(2): a character device that answers every flag.
Result<int> open_placeholder(int flags, OpenFor whom) noexcept {
  const int fd =
      TRY(descriptor_result(raw_syscall(SYS_openat, AT_FDCWD, syscall_arg("/dev/null"), flags, 0)));
  return whom == OpenFor::kLibrary ? move_descriptor_up(fd) : fd;
}

void close_placeholder(int fd) noexcept { raw_syscall(SYS_close, fd); }

// Whether `fd` is still what open_placeholder made.
bool is_placeholder(int fd) noexcept {
  struct stat status {};
  return raw_syscall(SYS_fstat, fd, syscall_arg(&status)) == 0 && S_ISCHR(status.st_mode) &&
         status.st_rdev == makedev(1, 3);
}

}  // namespace

// All open Files. A class, so that the lock and what it guards stand together.
class FileTable {
 public:
  Result<int> open(const FileOperations& driver, Task& me, int flags, OpenFor whom) noexcept;
  Result<int> dup(int fd, const DupCall& call) noexcept;
  Result<int> replace(int fd, int source, int flags) noexcept;
  Result<void> close(int fd) noexcept;
  bool forget_stale(int fd) noexcept;
  int descriptors_end() const noexcept { return descriptors_end_.load(std::memory_order_relaxed); }
  File* pin(int fd) noexcept;
  void release_closed() noexcept;
  void task_exit(Task& me) noexcept;
  void reset_after_fork() noexcept NO_THREAD_SAFETY_ANALYSIS;

 private:
  using List = boost::intrusive::list<
      File, boost::intrusive::member_hook<File, boost::intrusive::list_member_hook<>, &File::hook_>,
      boost::intrusive::constant_time_size<false>>;

  Result<int> dup_locked(int fd, const DupCall& call) noexcept REQUIRES(lock_);
  void bind_locked(int fd, File& file) noexcept REQUIRES(lock_);
  bool clear_slot_locked(int fd) noexcept REQUIRES(lock_);
  void unbind_locked(File& file) noexcept REQUIRES(lock_);
  File* take_idle_closed_locked() noexcept REQUIRES(lock_);
  File* enter_next_locked(Task& me, std::uint64_t after) noexcept REQUIRES(lock_);

  SpinLock<LockRank::kFiles> lock_;
  List open_ GUARDED_BY(lock_);     // named by a descriptor
  List closing_ GUARDED_BY(lock_);  // named by none, to be released when nobody is inside
  std::uint64_t next_serial_ GUARDED_BY(lock_) = 1;
  std::atomic<int> descriptors_end_ = 0;  // one above the highest ever bound; written locked
};

namespace {

constinit ObjectCache<File> files{"file"};

// Never destructed: threads may be inside when the process exits.
FileTable& table() noexcept {
  alignas(FileTable) static unsigned char storage[sizeof(FileTable)];
  static FileTable* const instance = new (storage) FileTable;
  return *instance;
}

struct Inside {
  const File* file;
  bool found;
};

// Whether a task is inside `file`; every one that is will look for closed files when it leaves.
bool anybody_inside(const File& file) noexcept {
  Inside search{&file, false};
  for_each_task(
      [](Task& task, void* argument) {
        auto& wanted = *static_cast<Inside*>(argument);
        if (task.syscall_file.load(std::memory_order_acquire) != wanted.file) return;
        task.exit_work.fetch_or(kExitFile, std::memory_order_seq_cst);
        wanted.found = true;
      },
      &search);
  return search.found;
}

}  // namespace

// A slot may still hold a File whose descriptor the program closed behind our back, with close(2):
// the number is free again, and the File loses this name now.
void FileTable::bind_locked(int fd, File& file) noexcept {
  File* const stale = descriptor_table[fd].exchange(&file, std::memory_order_acq_rel);
  ++file.users_;
  descriptors_end_.store(std::max(descriptors_end(), fd + 1), std::memory_order_relaxed);
  if (stale != nullptr && stale != dead_file()) unbind_locked(*stale);
}

// Returns false if the slot is empty.
bool FileTable::clear_slot_locked(int fd) noexcept {
  File* const file = descriptor_table[fd].exchange(nullptr, std::memory_order_acq_rel);
  if (file != nullptr && file != dead_file()) unbind_locked(*file);
  return file != nullptr;
}

void FileTable::unbind_locked(File& file) noexcept {
  kassert(file.users_ > 0, "file {} has {} descriptors", file.serial, file.users_);
  if (--file.users_ > 0) return;
  open_.erase(open_.iterator_to(file));
  closing_.push_back(file);
}

Result<int> FileTable::open(const FileOperations& driver, Task& me, int flags,
                            OpenFor whom) noexcept {
  const int fd = TRY(open_placeholder(flags, whom));
  if ((flags & O_PATH) != 0) return fd;  // names the device without opening it
  std::uint64_t serial = 0;
  {
    SpinGuard guard(lock_);
    serial = next_serial_++;
  }
  File* const file = fd < kDescriptorsMax ? files.create(driver, serial) : nullptr;
  Result<void> opened =
      file != nullptr ? driver.open(*file, me, flags) : Result<void>(Error{ENOMEM});
  if (!opened.ok()) {
    if (file != nullptr) files.destroy(file);
    close_placeholder(fd);
    return opened.error();
  }
  {
    SpinGuard guard(lock_);
    open_.push_back(*file);
    bind_locked(fd, *file);
  }
  trace_open(fd);
  release_closed_files();
  return fd;
}

Result<int> FileTable::dup_locked(int fd, const DupCall& call) noexcept {
  File* const file = descriptor_table[fd].load(std::memory_order_relaxed);
  if (file == nullptr || file == dead_file()) return Error{EBADF};
  const int copy = TRY(descriptor_result(raw_syscall(call.number, fd, call.first, call.second)));
  if (copy >= kDescriptorsMax) {
    close_placeholder(copy);
    return Error{EMFILE};
  }
  bind_locked(copy, *file);
  return copy;
}

Result<int> FileTable::dup(int fd, const DupCall& call) noexcept {
  Result<int> copy = [&] {
    SpinGuard guard(lock_);
    return dup_locked(fd, call);
  }();
  release_closed();
  return copy;
}

Result<int> FileTable::replace(int fd, int source, int flags) noexcept {
  {
    SpinGuard guard(lock_);
    TRY(descriptor_result(raw_syscall(SYS_dup3, source, fd, flags)));
    trace_close(fd);
    clear_slot_locked(fd);
  }
  release_closed();
  return fd;
}

Result<void> FileTable::close(int fd) noexcept {
  bool still_ours = false;
  {
    SpinGuard guard(lock_);
    if (!clear_slot_locked(fd)) return Error{EBADF};
    still_ours = is_placeholder(fd);
    if (still_ours) close_placeholder(fd);
    trace_close(fd);
  }
  release_closed();
  if (!still_ours) return Error{EBADF};
  return {};
}

bool FileTable::forget_stale(int fd) noexcept {
  {
    SpinGuard guard(lock_);
    if (is_placeholder(fd)) return false;
    clear_slot_locked(fd);
  }
  release_closed();
  return true;
}

File* FileTable::pin(int fd) noexcept {
  SpinGuard guard(lock_);
  File* const file = descriptor_table[fd].load(std::memory_order_relaxed);
  if (file == nullptr || file == dead_file()) return nullptr;
  ++file->users_;  // one that nobody closes
  return file;
}

// Takes a closed File that nobody is inside off its list. Null if there is none.
// Ordering: after the first barrier, a task that entered is seen here, or sees that its slot is
// empty. After the second, one that was told to look for closed files does, or is seen to be out.
File* FileTable::take_idle_closed_locked() noexcept {
  if (closing_.empty()) return nullptr;
  membarrier_all_threads();
  for (File& file : closing_) {
    if (anybody_inside(file)) {
      membarrier_all_threads();
      if (anybody_inside(file)) continue;
    }
    closing_.erase(closing_.iterator_to(file));
    return &file;
  }
  return nullptr;
}

void FileTable::release_closed() noexcept {
  for (;;) {
    File* file = nullptr;
    {
      SpinGuard guard(lock_);
      file = take_idle_closed_locked();
    }
    if (file == nullptr) return;
    file->operations.release(*file);
    files.destroy(file);
  }
}

// Enters the open or closing File with the lowest serial above `after`.
File* FileTable::enter_next_locked(Task& me, std::uint64_t after) noexcept {
  File* next = nullptr;
  for (List* const list : {&open_, &closing_}) {
    for (File& file : *list) {
      if (file.serial > after && (next == nullptr || file.serial < next->serial)) next = &file;
    }
  }
  if (next != nullptr) me.syscall_file.store(next, std::memory_order_seq_cst);
  return next;
}

void FileTable::task_exit(Task& me) noexcept {
  std::uint64_t after = 0;
  for (;;) {
    File* file = nullptr;
    store_then_light_barrier(me.syscall_file, no_file());
    if (has_signal_sent(me)) {
      file_leave(me);
      exit_to_user(me);
      continue;
    }
    {
      SpinGuard guard(lock_);
      file = enter_next_locked(me, after);
    }
    if (file == nullptr) return file_leave(me);
    after = file->serial;
    file->operations.task_exit(*file, me);
    file_leave(me);
    exit_to_user(me);
  }
}

void FileTable::reset_after_fork() noexcept {
  lock_.reset_after_fork();
  for (int fd = 0; fd < descriptors_end(); ++fd) {
    std::atomic<File*>& slot = descriptor_table[fd];
    if (slot.load(std::memory_order_relaxed) != nullptr) slot.store(dead_file());
  }
  new (&open_) List;
  new (&closing_) List;
}

Result<int> file_open(const FileOperations& driver, Task& me, int flags, OpenFor whom) noexcept {
  return table().open(driver, me, flags, whom);
}

Result<int> file_dup(int fd, DupCall call) noexcept {
  if (is_nested_call()) return enter_error(*current_or_null);
  const KernelSection section;
  return descriptor_kind(fd) == DescriptorKind::kForeign ? Result<int>(Error{EBADF})
                                                         : table().dup(fd, call);
}

Result<int> file_replace(int fd, int source, int flags) noexcept {
  if (is_nested_call()) return enter_error(*current_or_null);
  const KernelSection section;
  return table().replace(fd, source, flags);
}

bool file_forget_stale(int fd) noexcept {
  if (is_nested_call()) return false;
  const KernelSection section;
  return table().forget_stale(fd);
}

Result<void> file_close(int fd) noexcept {
  if (is_nested_call()) return enter_error(*current_or_null);
  const KernelSection section;
  return descriptor_kind(fd) == DescriptorKind::kForeign ? Result<void>(Error{EBADF})
                                                         : table().close(fd);
}

File* file_pin(int fd) noexcept {
  const KernelSection section;
  return descriptor_kind(fd) == DescriptorKind::kForeign ? nullptr : table().pin(fd);
}

DescriptorKind descriptor_kind(int fd) noexcept {
  if (fd < 0 || fd >= kDescriptorsMax) return DescriptorKind::kForeign;
  const File* const file = descriptor_table[fd].load(std::memory_order_acquire);
  if (file == nullptr) return DescriptorKind::kForeign;
  return file == dead_file() ? DescriptorKind::kDead : DescriptorKind::kOurs;
}

int descriptors_end() noexcept { return table().descriptors_end(); }

void release_closed_files() noexcept { table().release_closed(); }
void files_task_exit(Task& me) noexcept { table().task_exit(me); }
void files_reset_after_fork() noexcept { table().reset_after_fork(); }

}  // namespace ums::kernel
