// SPDX-License-Identifier: Apache-2.0
//
// The functions of ums/ums_dev.h: the choice between the simulation's files and Linux's.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <ums/ums_dev.h>
#include <unistd.h>

#include <cstdarg>
#include <string_view>

#include "ums_api/src/device_calls.h"
#include "ums_api/src/export.h"

using namespace ums::api;

UMS_EXPORT int ums_dev_open(const char* path, int flags) {
  const bool is_device = path != nullptr && std::string_view(path) == "/dev/ums";
  const std::optional<int> fd = is_device ? simulated_open(flags) : std::nullopt;
  return fd ? *fd : open(path, flags, 0666);
}

UMS_EXPORT int ums_dev_ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  const unsigned long argument = va_arg(arguments, unsigned long);
  va_end(arguments);
  if (!is_foreign(fd)) {
    const auto frame = reinterpret_cast<unsigned long>(__builtin_frame_address(0));
    if (const auto result = simulated_ioctl(fd, request, argument, frame)) return *result;
  }
  return ioctl(fd, request, argument);
}

UMS_EXPORT int ums_dev_dup(int fd) {
  const std::optional<int> copy = is_foreign(fd) ? std::nullopt : simulated_dup(fd);
  return copy ? *copy : dup(fd);
}

UMS_EXPORT int ums_dev_close(int fd) {
  const std::optional<int> closed = is_foreign(fd) ? std::nullopt : simulated_close(fd);
  return closed ? *closed : close(fd);
}
