// SPDX-License-Identifier: Apache-2.0
//
// The functions of ums/ums_dev.h: the choice between the simulation's files and Linux's, and errno.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <ums/ums_dev.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <string_view>

#include "sim_kernel/dev/char_device.h"
#include "sim_kernel/dev/system_call.h"
#include "ums_api/src/backend.h"
#include "ums_api/src/export.h"
#include "ums_api/src/library_file.h"

namespace kernel = ums::kernel;
using kernel::DescriptorKind;
using ums::api::Backend;

namespace {

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

// The result of a call that is no system call of the kernel's.
template <typename Result>
int section_result(const Result& result) {
  kernel::exit_sections();
  return c_result(result);
}

bool is_foreign(int fd) noexcept { return kernel::descriptor_kind(fd) == DescriptorKind::kForeign; }

// What Linux answers on every file before it asks the driver (do_vfs_ioctl). It is about the
// descriptor, which is a real one.
bool is_generic(std::uint32_t request) noexcept {
  return request == FIOCLEX || request == FIONCLEX || request == FIONBIO;
}

}  // namespace

UMS_EXPORT int ums_dev_open(const char* path, int flags) {
  const Backend backend = ums::api::backend();
  const bool is_device = path != nullptr && std::string_view(path) == "/dev/ums";
  if (!is_device) return open(path, flags, 0666);
  if (backend == Backend::kUnknown) return fail(EINVAL);
  ums::api::release_unused_library_file();
  if (backend == Backend::kDevice) return open(path, flags, 0666);
  return section_result(kernel::device_open(path, flags));
}

UMS_EXPORT int ums_dev_ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  const unsigned long argument = va_arg(arguments, unsigned long);
  va_end(arguments);
  if (is_foreign(fd)) return ioctl(fd, request, argument);
  const auto number = static_cast<std::uint32_t>(request);
  if (is_generic(number) && kernel::descriptor_kind(fd) == DescriptorKind::kOurs) {
    return ioctl(fd, number, argument);
  }
  const auto frame = reinterpret_cast<unsigned long>(__builtin_frame_address(0));
  return c_result(kernel::device_ioctl(fd, number, {argument, frame}));
}

UMS_EXPORT int ums_dev_dup(int fd) {
  return is_foreign(fd) ? dup(fd) : section_result(kernel::file_dup(fd));
}

UMS_EXPORT int ums_dev_close(int fd) {
  if (is_foreign(fd)) return close(fd);
  const kernel::Result<void> closed = kernel::file_close(fd);
  const bool stale = !closed.ok() && closed.error_code() == EBADF;
  return stale ? close(fd) : section_result(closed);
}
