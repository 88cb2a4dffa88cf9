// SPDX-License-Identifier: Apache-2.0
//
// Backend: who answers the device's calls, the kernel in this process or the real module.
//
// The environment variable UMS_BACKEND decides, once, at the first question (which the library asks
// when it is loaded): `sim`, `device`, or `auto`, the default, which is the device where /dev/ums
// can be opened for reading. Any other value is reported, always, and makes every open fail with
// EINVAL: neither backend is what the person asked for, and a program that runs on the wrong one
// would mislead them. One line on standard error says which it is; UMS_QUIET=1 (or any value but
// 0) silences it.
//
// Invariants:
// 1. The answer never changes, nor in forked children.
//
// Thread safety: any thread.
#pragma once

#include <cstdint>

namespace ums::api {

enum class Backend : std::uint8_t {
  kSimulation,
  kDevice,
  kUnknown,  // UMS_BACKEND has a value that nobody knows
};

Backend backend() noexcept;

}  // namespace ums::api
