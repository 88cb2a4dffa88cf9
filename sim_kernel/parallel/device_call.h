// SPDX-License-Identifier: Apache-2.0
//
// Opening a device and asking it, by a path and by a descriptor of this process (Linux: vfs_open,
// vfs_ioctl).
//
//     int fd = TRY(device_open("/dev/ums", O_RDONLY));
//     Result<void> result = device_ioctl(fd, request, {arg, frame});
//
// These are the kernel's side of ums/ums_dev.h; they return a Result and leave errno alone. Closing
// and duplicating are in descriptor_table.h.
//
// Thread safety: any thread.
#pragma once

#include "sim_kernel/base/result.h"
#include "sim_kernel/parallel/descriptor_table.h"

namespace ums::kernel {

// Opens a device. Errors: ENOENT (no such device), ENOMEM, EBUSY (from a signal handler that
// interrupted the kernel), the driver's, open(2)'s.
Result<int> device_open(const char* path, int flags, OpenFor whom = OpenFor::kProgram) noexcept;

// Performs a request on a descriptor of ours. Errors: EBADF, EBUSY, the driver's.
// Context: may sleep, and may return on another kernel thread than it was called on.
Result<void> device_ioctl(int fd, std::uint32_t request, IoctlArg arg);

}  // namespace ums::kernel
