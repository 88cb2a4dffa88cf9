// SPDX-License-Identifier: Apache-2.0
#include "ums_api/src/device_calls.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstdint>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/device_call.h"
#include "sim_kernel/parallel/system_call.h"
#include "sim_kernel/ums/ioctl.h"
#include "ums_api/src/backend.h"
#include "ums_api/src/library_file.h"
#include "ums_api/src/own_process.h"

namespace ums::api {

namespace {

using kernel::DescriptorKind;

int fail(int error) noexcept {
  errno = error;
  return -1;
}

int c_result(kernel::Result<int> result) noexcept {
  return result.ok() ? result.value() : fail(result.error_code());
}

int c_result(const kernel::Result<void>& result) noexcept {
  return result.ok() ? 0 : fail(result.error_code());
}

int c_result(long result) noexcept {
  return result < 0 ? fail(static_cast<int>(-result)) : static_cast<int>(result);
}

// The result of a call that is no system call of the kernel's.
template <typename Result>
int section_result(const Result& result) {
  kernel::exit_sections();
  return c_result(result);
}

// What Linux answers on every file before it asks the driver (do_vfs_ioctl). It is about the
// descriptor, which is a real one.
bool is_generic(std::uint32_t request) noexcept {
  return request == FIOCLEX || request == FIONCLEX || request == FIONBIO;
}

int inherited_open(int flags) noexcept {
  if ((flags & O_ACCMODE) != O_RDONLY) return fail(EACCES);
  return c_result(
      kernel::raw_syscall(SYS_openat, AT_FDCWD, kernel::syscall_arg("/dev/null"), flags, 0));
}

// Whether `fd` does not name a file of the kernel's, as it seemed to.
bool is_stale(int fd) {
  if (!kernel::file_forget_stale(fd)) return false;
  kernel::exit_sections();
  return true;
}

}  // namespace

std::optional<int> simulated_open(int flags) {
  const Backend answering = backend();
  if (answering == Backend::kUnknown) return fail(EINVAL);
  if (answering == Backend::kDevice) {
    release_unused_library_file();
    return std::nullopt;
  }
  if (!in_own_process()) return inherited_open(flags);
  release_unused_library_file();
  const int fd = section_result(kernel::device_open("/dev/ums", flags));
  if (fd >= 0) note_program_file(fd);
  return fd;
}

std::optional<int> simulated_ioctl(int fd, unsigned long request, unsigned long argument,
                                   unsigned long frame) {
  const auto number = static_cast<std::uint32_t>(request);
  if (is_generic(number) && kernel::descriptor_kind(fd) == DescriptorKind::kOurs) {
    return c_result(kernel::raw_syscall(SYS_ioctl, fd, number, static_cast<long>(argument)));
  }
  const kernel::Result<void> result = kernel::device_ioctl(fd, number, {argument, frame});
  if (!result.ok() && result.error_code() == kernel::kEnotsupp && is_stale(fd)) {
    return std::nullopt;
  }
  return c_result(result);
}

std::optional<int> simulated_dup(int fd, kernel::DupCall call) {
  if (!in_own_process() || is_stale(fd)) return std::nullopt;
  return section_result(kernel::file_dup(fd, call));
}

std::optional<int> simulated_replace(int fd, int source, int flags) {
  if (!in_own_process()) return std::nullopt;
  return section_result(kernel::file_replace(fd, source, flags));
}

std::optional<int> simulated_close(int fd) {
  if (!in_own_process()) return std::nullopt;
  const kernel::Result<void> closed = kernel::file_close(fd);
  if (closed.ok() || closed.error_code() != EBADF) return section_result(closed);
  kernel::exit_sections();
  return std::nullopt;
}

}  // namespace ums::api
