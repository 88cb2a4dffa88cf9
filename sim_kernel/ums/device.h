// SPDX-License-Identifier: Apache-2.0
//
// The UMS device, /dev/ums: the driver that the rest of this folder hangs on, and the only file of
// it that knows ioctl numbers and user pointers. Each handler decodes, checks in the order of the
// specification, calls, and copies out.
//
// Thread safety: that of the calls.
#pragma once

namespace ums::kernel {

// Registers the device and its hooks, once, at start.
void ums_device_init() noexcept;

// Forgets the parent's pools in a forked child.
void ums_device_reset_after_fork() noexcept;

}  // namespace ums::kernel
