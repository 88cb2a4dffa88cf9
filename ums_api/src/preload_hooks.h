// SPDX-License-Identifier: Apache-2.0
//
// What the preloaded library (ums_api/preload) does otherwise than the libraries that programs are
// linked with. The answers here are weak, for those; the preloaded library has its own.
//
// Thread safety: any thread.
#pragma once

namespace ums::api {

// Whether the library opens its file, and with it starts the kernel, when it is loaded: true. The
// preloaded library is loaded into every program, most of which never use the device.
bool opens_at_load() noexcept;

// Whether the functions of ums.h may use the file that the program has opened the device with,
// where the library cannot open its own beside it: false. Another build of libums may be loaded
// with the preloaded library, and have opened a file that it is never asked to use.
bool shares_program_files() noexcept;

// Answers system call `number` of syscall(2) if it is about the device, as Linux does: a result or
// -errno. Returns whether it has: false.
bool answer_system_call(long number, const long (&arguments)[6], long& result);

}  // namespace ums::api
