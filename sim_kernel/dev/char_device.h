// SPDX-License-Identifier: Apache-2.0
//
// Character devices: drivers under a name (Linux: misc_register).
//
//     register_char_device("ums", operations);
//     const FileOperations* driver = find_char_device("/dev/ums");
//
// Thread safety: any thread; register_char_device at start only.
#pragma once

#include "sim_kernel/dev/file.h"

namespace ums::kernel {

// Makes `driver` answer "/dev/NAME". `name` is not copied.
void register_char_device(const char* name, const FileOperations& driver) noexcept;

// The driver of `path`, or null if it names no device of ours.
const FileOperations* find_char_device(const char* path) noexcept;

}  // namespace ums::kernel
