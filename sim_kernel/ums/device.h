// SPDX-License-Identifier: Apache-2.0
//
// The UMS device, /dev/ums: the driver that the rest of this folder hangs on. A file of it holds a
// UmsData; its requests are in ioctl.h.
//
// Thread safety: that of the calls.
#pragma once

namespace ums::kernel {

// Registers the device and its hooks, once, at start.
void ums_device_init() noexcept;

// Forgets the parent's pools in a forked child.
void ums_device_reset_after_fork() noexcept;

}  // namespace ums::kernel
