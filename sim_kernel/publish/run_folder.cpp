// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/publish/run_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "sim_kernel/base/own_path_call.h"
#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

namespace {

bool raw_fstat(long descriptor, struct stat& status) noexcept {
  return own_path_call(SYS_fstat, descriptor, syscall_arg(&status)) == 0;
}

bool is_own(const struct stat& status) noexcept {
  return status.st_uid == static_cast<uid_t>(raw_syscall(SYS_geteuid));
}

// Whether `path` is a folder of the user, by whatever links it is reached.
bool is_own_folder(const char* path) noexcept {
  const long folder =
      own_path_call(SYS_openat, AT_FDCWD, syscall_arg(path), O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (folder < 0) return false;
  struct stat status {};
  const bool own = raw_fstat(folder, status) && is_own(status);
  raw_syscall(SYS_close, folder);
  return own;
}

template <typename... Args>
void add(RunFolders& folders, fmt::format_string<Args...> format, Args&&... args) noexcept {
  char* const path = folders.paths[folders.count];
  const auto end =
      fmt::format_to_n(path, kRunPathBytesMax - 1, format, static_cast<Args&&>(args)...);
  if (end.size >= kRunPathBytesMax) return;
  *end.out = '\0';
  ++folders.count;
}

}  // namespace

RunFolders run_folders() noexcept {
  RunFolders folders;
  const char* const runtime = secure_getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime == '/' && is_own_folder(runtime)) {
    add(folders, "{}/ums", runtime);
  }
  const char* const named = secure_getenv("TMPDIR");
  const char* const temporary = named != nullptr && *named == '/' ? named : "/tmp";
  add(folders, "{}/ums-{}", temporary, raw_syscall(SYS_geteuid));
  return folders;
}

namespace {

long open_folder(const char* path) noexcept {
  return own_path_call(SYS_openat, AT_FDCWD, syscall_arg(path),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

// Returns it, or -errno.
long make_folder(const char* path) noexcept {
  const long made = own_path_call(SYS_mkdirat, AT_FDCWD, syscall_arg(path), 0700);
  if (made < 0 && made != -EEXIST) return made;
  if (made == 0) own_path_call(SYS_fchmodat, AT_FDCWD, syscall_arg(path), 0700);  // despite umask
  return open_folder(path);
}

}  // namespace

int open_run_folder(const char* path, bool make) noexcept {
  long folder = open_folder(path);
  if (folder == -ENOENT && make) folder = make_folder(path);
  if (folder < 0) return static_cast<int>(folder);
  struct stat status {};
  if (raw_fstat(folder, status) && is_own(status) && (status.st_mode & 077) == 0) {
    return static_cast<int>(folder);
  }
  raw_syscall(SYS_close, folder);
  return -EPERM;
}

}  // namespace ums::kernel
