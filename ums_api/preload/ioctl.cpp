// SPDX-License-Identifier: Apache-2.0
//
// ioctl: the device's requests, on a descriptor of the device.
#include "ums_api/preload/preload.h"
#include "ums_api/src/device_calls.h"
#include "ums_api/src/next_symbol.h"

namespace {

constinit ums::api::NextSymbol<int(int, unsigned long, unsigned long)> next_ioctl{"ioctl"};

}  // namespace

void ums::preload::resolve_ioctl() noexcept { next_ioctl.resolve(); }

int ums_ioctl(int fd, unsigned long request, unsigned long argument) {
  if (!ums::api::is_foreign(fd)) {
    const auto frame = reinterpret_cast<unsigned long>(__builtin_frame_address(0));
    const auto result = ums::api::simulated_ioctl(fd, request, argument, frame);
    if (result) return *result;
  }
  return next_ioctl(fd, request, argument);
}
