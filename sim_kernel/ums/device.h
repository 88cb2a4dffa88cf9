// SPDX-License-Identifier: Apache-2.0
//
// The UMS device, /dev/ums: the driver that the rest of this folder hangs on. A file of it holds a
// UmsData; its requests are in ioctl.h.
//
// Thread safety: that of the calls.
#pragma once

namespace ums::kernel {

class UmsData;

// Registers the device and its hooks, once, at start.
void ums_device_init() noexcept;

// Calls visit(pool, argument) for what each open file of the device holds.
// Context: nothing else runs.
void for_each_pool(void (*visit)(UmsData& pool, void* argument), void* argument) noexcept;

// Forgets the parent's pools in a forked child.
void ums_device_reset_after_fork() noexcept;

}  // namespace ums::kernel
