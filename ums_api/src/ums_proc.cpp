// SPDX-License-Identifier: Apache-2.0
//
// The functions of ums/ums_proc.h: the choice between the simulation's tree and Linux's, and errno.
#include <fcntl.h>
#include <poll.h>
#include <ums/ums_proc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "procfs_emul/proc_file.h"
#include "sim_kernel/init/start_kernel.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/parallel/system_call.h"
#include "ums_api/src/backend.h"
#include "ums_api/src/export.h"

using namespace ums::kernel;

// One of the first two is not null; the descriptor is Linux's file.
struct ums_proc_file {
  ProcFile* ours = nullptr;
  DIR* folder = nullptr;
  int fd = -1;
};

namespace {

constinit ObjectCache<ums_proc_file> open_files{"ums_proc_file"};

int fail(int error) noexcept {
  errno = error;
  return -1;
}

bool is_simulated() noexcept { return ums::api::backend() != ums::api::Backend::kDevice; }

// What leads out of the tree does not exist here.
int c_error(int error) noexcept { return error == EXDEV ? ENOENT : error; }

template <typename Call>
auto in_section(Task& me, Call call) noexcept {
  const KernelSection section(&me);
  return call();
}

// Performs call() inside the kernel. Returns its Result. Errors: EBUSY, ENOMEM (no Task), EINVAL
// (an unknown UMS_BACKEND), its own.
template <typename Call, typename Outcome = decltype(std::declval<Call>()())>
Outcome kernel_call(Call call) {
  if (ums::api::backend() == ums::api::Backend::kUnknown) return Error{EINVAL};
  start_kernel();
  Task* const me = current_task();
  if (me == nullptr) return Error{ENOMEM};
  if (is_nested_call()) return enter_error(*me);
  Outcome result = in_section(*me, call);
  exit_sections();
  return result;
}

// The result of a call that returns a number.
template <typename Number, typename T>
Number c_number(Result<T> result) noexcept {
  return result.ok() ? static_cast<Number>(result.value()) : fail(c_error(result.error_code()));
}

int c_result(const Result<void>& result) noexcept {
  return result.ok() ? 0 : fail(c_error(result.error_code()));
}

ums_proc_file* c_file(ums_proc_file contents) noexcept {
  ums_proc_file* const file = open_files.create(contents);
  if (file == nullptr) errno = ENOMEM;
  return file;
}

// Relative paths begin in the program's folder, which is Linux's.
Result<void> check_path(const char* path) noexcept {
  if (path == nullptr) return Error{EFAULT};
  if (path[0] != '/') return Error{ENOENT};
  return {};
}

Result<ProcPath> resolve(const char* path, ProcFollow follow) noexcept {
  TRY(check_path(path));
  return proc_resolve(ProcPath(), path, follow);
}

Result<ProcFile*> open_simulated(const char* path, int flags) noexcept {
  TRY(check_path(path));
  return proc_open(ProcPath(), path, flags);
}

ums_proc_file* open_linux(const char* path, int flags) noexcept {
  ums_proc_file file;
  file.fd = open(path, flags | O_CLOEXEC, 0666);
  if (file.fd < 0) return nullptr;
  struct stat status {};
  if (fstat(file.fd, &status) == 0 && S_ISDIR(status.st_mode)) file.folder = fdopendir(file.fd);
  ums_proc_file* const opened = c_file(file);
  if (opened != nullptr) return opened;
  if (file.folder != nullptr) {
    closedir(file.folder);
  } else {
    close(file.fd);
  }
  errno = ENOMEM;
  return nullptr;
}

int close_linux(const ums_proc_file& file) noexcept {
  return file.folder != nullptr ? closedir(file.folder) : close(file.fd);
}

int readdir_linux(const ums_proc_file& file, dirent& entry) noexcept {
  if (file.folder == nullptr) return fail(ENOTDIR);
  errno = 0;
  const dirent* const next = readdir(file.folder);
  if (next == nullptr) return errno == 0 ? 0 : -1;
  entry = *next;
  return 1;
}

void fill_entry(dirent& entry, const ProcDirent& from) noexcept {
  entry = {};
  entry.d_ino = from.ino;
  entry.d_off = static_cast<off_t>(from.position + 1);
  entry.d_reclen = sizeof entry;
  entry.d_type = from.type;
  std::memcpy(entry.d_name, from.name, sizeof from.name);
}

int stat_simulated(const char* path, struct stat& status, ProcFollow follow) {
  Result<ProcStat> found = kernel_call([&]() -> Result<ProcStat> {
    const ProcPath at = TRY(resolve(path, follow));
    return proc_stat(at);
  });
  if (!found.ok()) return fail(c_error(found.error_code()));
  const ProcStat& from = found.value();
  status = {};
  status.st_ino = from.ino;
  status.st_mode = from.mode;
  status.st_nlink = from.nlink;
  status.st_uid = from.uid;
  status.st_gid = from.gid;
  status.st_size = static_cast<off_t>(from.size);
  status.st_blksize = 1024;
  return 0;
}

UserPtr<void> user_buffer(void* buffer, const void* frame) noexcept {
  return {reinterpret_cast<unsigned long>(buffer), reinterpret_cast<unsigned long>(frame)};
}

}  // namespace

UMS_EXPORT ums_proc_file_t* ums_proc_open(const char* path, int flags) {
  if (!is_simulated()) return open_linux(path, flags);
  Result<ProcFile*> opened = kernel_call([&] { return open_simulated(path, flags); });
  if (!opened.ok()) {
    errno = c_error(opened.error_code());
    return nullptr;
  }
  ums_proc_file file;
  file.ours = opened.value();
  ums_proc_file* const result = c_file(file);
  if (result == nullptr) proc_close(file.ours);
  return result;
}

UMS_EXPORT int ums_proc_close(ums_proc_file_t* file) {
  if (file->ours == nullptr) {
    const int result = close_linux(*file);
    open_files.destroy(file);
    return result;
  }
  return c_result(kernel_call([file] {
    proc_close(file->ours);
    open_files.destroy(file);
    return Result<void>();
  }));
}

UMS_EXPORT ssize_t ums_proc_read(ums_proc_file_t* file, void* buffer, size_t bytes) {
  if (file->ours == nullptr) return read(file->fd, buffer, bytes);
  const auto to = user_buffer(buffer, __builtin_frame_address(0));
  return c_number<ssize_t>(kernel_call([&] { return proc_read(*file->ours, to, bytes); }));
}

UMS_EXPORT ssize_t ums_proc_pread(ums_proc_file_t* file, void* buffer, size_t bytes, off_t offset) {
  if (file->ours == nullptr) return pread(file->fd, buffer, bytes, offset);
  const auto to = user_buffer(buffer, __builtin_frame_address(0));
  return c_number<ssize_t>(kernel_call([&] { return proc_pread(*file->ours, to, bytes, offset); }));
}

UMS_EXPORT ssize_t ums_proc_write(ums_proc_file_t* file, const void* buffer, size_t bytes) {
  return file->ours == nullptr ? write(file->fd, buffer, bytes)
                               : fail(proc_write(*file->ours).code);
}

UMS_EXPORT off_t ums_proc_lseek(ums_proc_file_t* file, off_t offset, int whence) {
  if (file->ours == nullptr && file->folder != nullptr) rewinddir(file->folder);
  if (file->ours == nullptr) return lseek(file->fd, offset, whence);
  return c_number<off_t>(kernel_call([&] { return proc_lseek(*file->ours, offset, whence); }));
}

UMS_EXPORT int ums_proc_poll(ums_proc_file_t* file, int events) {
  if (file->ours != nullptr) return proc_poll(*file->ours, static_cast<short>(events));
  pollfd polled{file->fd, static_cast<short>(events), 0};
  return poll(&polled, 1, 0) < 0 ? -1 : polled.revents;
}

UMS_EXPORT int ums_proc_readdir(ums_proc_file_t* folder, struct dirent* entry) {
  if (folder->ours == nullptr) return readdir_linux(*folder, *entry);
  ProcDirent next;
  const int count =
      c_number<int>(kernel_call([&] { return proc_readdir(*folder->ours, &next, 1); }));
  if (count == 1) fill_entry(*entry, next);
  return count;
}

UMS_EXPORT int ums_proc_stat(const char* path, struct stat* status) {
  return is_simulated() ? stat_simulated(path, *status, ProcFollow::kYes) : stat(path, status);
}

UMS_EXPORT int ums_proc_lstat(const char* path, struct stat* status) {
  return is_simulated() ? stat_simulated(path, *status, ProcFollow::kNo) : lstat(path, status);
}

UMS_EXPORT ssize_t ums_proc_readlink(const char* path, char* target, size_t bytes) {
  if (!is_simulated()) return readlink(path, target, bytes);
  ProcText text;
  const int result = c_result(kernel_call([&]() -> Result<void> {
    const ProcPath link = TRY(resolve(path, ProcFollow::kNo));
    return proc_readlink(link, text);
  }));
  if (result < 0) return -1;
  if (bytes == 0) return fail(EINVAL);
  const std::size_t count = std::min(bytes, text.size());
  std::memcpy(target, text.view().data(), count);
  return static_cast<ssize_t>(count);
}

UMS_EXPORT int ums_proc_chmod(const char* path, mode_t mode) {
  if (!is_simulated()) return chmod(path, mode);
  return c_result(kernel_call([&]() -> Result<void> {
    const ProcPath at = TRY(resolve(path, ProcFollow::kYes));
    return proc_chmod(at, mode);
  }));
}

UMS_EXPORT int ums_proc_unlink(const char* path) {
  if (!is_simulated()) return unlink(path);
  return c_result(kernel_call([&]() -> Result<void> {
    TRY(check_path(path));
    return proc_unlink(ProcPath(), path);
  }));
}

UMS_EXPORT int ums_proc_mkdir(const char* path, mode_t mode) {
  if (!is_simulated()) return mkdir(path, mode);
  return c_result(kernel_call([&]() -> Result<void> {
    TRY(check_path(path));
    return proc_make(ProcPath(), path);
  }));
}
