// SPDX-License-Identifier: Apache-2.0
//
// Character devices: drivers under a name, and the four calls on them (Linux: misc_register,
// vfs_open, vfs_ioctl).
//
//     register_char_device("ums", operations);
//     int fd = TRY(device_open("/dev/ums", O_RDONLY));
//     Result<void> result = device_ioctl(fd, request, {arg, frame});
//
// These are the kernel's side of ums/ums_dev.h; they return a Result and leave errno alone.
//
// Thread safety: any thread; register_char_device at start only.
#pragma once

#include "sim_kernel/base/result.h"
#include "sim_kernel/dev/file.h"

namespace ums::kernel {

// Makes `driver` answer "/dev/NAME". `name` is not copied.
void register_char_device(const char* name, const FileOperations& driver) noexcept;

// The driver of `path`, or null if it names no device of ours.
const FileOperations* find_char_device(const char* path) noexcept;

// Opens a device. Errors: ENOENT (no such device), ENOMEM, EBUSY (from a signal handler that
// interrupted the kernel), the driver's, open(2)'s.
Result<int> device_open(const char* path, int flags, OpenFor whom = OpenFor::kProgram) noexcept;

// Performs a request on a descriptor of ours. Errors: EBADF, EBUSY, the driver's.
// Context: may sleep, and may return on another kernel thread than it was called on.
Result<void> device_ioctl(int fd, std::uint32_t request, IoctlArg arg);

}  // namespace ums::kernel
