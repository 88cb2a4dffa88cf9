// SPDX-License-Identifier: Apache-2.0
//
// libums-preload.so: the simulated kernel for programs that know nothing of it. It holds all that
// libums.so does, and takes the calls that programs make on /dev/ums from the C library:
//
//     open.cpp         open, openat, creat, their 64-bit and fortified forms
//     ioctl.cpp        ioctl
//     duplicate.cpp    dup, dup2, dup3, fcntl, fcntl64 (F_DUPFD, F_DUPFD_CLOEXEC)
//     close.cpp        close, closefrom, close_range
//     system_call.cpp  syscall, with the numbers of these, and openat2
//     linkage.cpp      beside a program's own libums
//
// A call that is not about the device is the C library's (NextSymbol), with its errno, its
// cancellation point, and a sanitizer's view of it; on top of it comes the load of a slot of
// descriptor_table, or a look at a path. Its SONAME is that of libums.so: the dynamic linker does
// not load another library that a program names so.
//
// Not seen are calls that the C library makes itself (fopen, fclose, posix_spawn), and those by a
// bare instruction. A descriptor that was closed so is found out when it is closed again,
// duplicated, or asked something that is no request of the device.
//
// The functions have other names here than their symbols: the headers rename some of them, and say
// of others that they throw nothing, while handlers that end a thread unwind through them. What is
// an optional argument to programs is a parameter here: both machines pass these alike.
//
// LINUX: a descriptor that a program inherits by exec is the device's. SIM: it is /dev/null.
//
// Thread safety: any thread, before constructors have run, in signal handlers and in the child of a
// vfork, as far as the C library's functions are.
#pragma once

#include <sys/types.h>

#include "ums_api/src/export.h"

// Declares `ums_NAME`, which is the C library's function NAME to programs.
#define UMS_PRELOAD(result, name, ...) UMS_EXPORT result ums_##name(__VA_ARGS__) asm(#name)

UMS_PRELOAD(int, open, const char* path, int flags, mode_t mode);
UMS_PRELOAD(int, openat, int folder, const char* path, int flags, mode_t mode);
UMS_PRELOAD(int, creat, const char* path, mode_t mode);
UMS_PRELOAD(int, ioctl, int fd, unsigned long request, unsigned long argument);
UMS_PRELOAD(int, dup, int fd);
UMS_PRELOAD(int, dup2, int fd, int target);
UMS_PRELOAD(int, dup3, int fd, int target, int flags);
UMS_PRELOAD(int, fcntl, int fd, int command, unsigned long argument);
UMS_PRELOAD(int, close, int fd);
UMS_PRELOAD(int, close_range, unsigned first, unsigned last, int flags);

namespace ums::preload {

// Find the C library's own functions; when the library is loaded.
void resolve_open() noexcept;
void resolve_ioctl() noexcept;
void resolve_duplicate() noexcept;
void resolve_close() noexcept;

}  // namespace ums::preload
