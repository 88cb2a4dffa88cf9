// SPDX-License-Identifier: Apache-2.0
//
// The library's way into the UMS module: straight code from a function of ums.h to what it asks
// for.
//
// Thread safety: any thread.
#pragma once

#include <cerrno>
#include <cstdint>

#include "sim_kernel/parallel/system_call.h"
#include "sim_kernel/ums/ioctl.h"

namespace ums::kernel {

// Performs handler(data, me) inside a file of the UMS device, which it has pinned.
template <typename Handler>
inline __attribute__((always_inline)) Result<void> ums_call(File& pinned, Handler handler) {
  return system_call_pinned(pinned,
                            [&](File& file, Task& me) { return handler(ums_data(file), me); });
}

// The same for a request that is known at compile time.
template <std::uint32_t kRequest>
inline __attribute__((always_inline)) Result<void> ums_ioctl(File& pinned, IoctlArg arg) {
  static_assert(is_ums_ioctl(kRequest));
  // A thread that has made no call before is no worker. Making its Task allocates, and the call may
  // come from a handler that preempts whoever runs, and has interrupted an allocation.
  if (kRequest == IOCTL_UMS_YIELD && current_or_null == nullptr) [[unlikely]] {
    return Error{ESRCH};
  }
  constexpr IoctlHandler kHandler = kIoctls[_IOC_NR(kRequest)].handler;
  return ums_call(pinned, [&](UmsData& data, Task& me) { return kHandler(data, me, arg); });
}

}  // namespace ums::kernel
