// SPDX-License-Identifier: Apache-2.0
//
// open and its family: a file of the kernel's where the path names the device.
#include <fcntl.h>
#include <pthread.h>
#include <sys/types.h>

#include <cerrno>

#include "ums_api/preload/device_path.h"
#include "ums_api/preload/preload.h"
#include "ums_api/src/device_calls.h"
#include "ums_api/src/next_symbol.h"

UMS_PRELOAD(int, open64, const char* path, int flags, mode_t mode);
UMS_PRELOAD(int, openat64, int folder, const char* path, int flags, mode_t mode);
UMS_PRELOAD(int, creat64, const char* path, mode_t mode);
// What _FORTIFY_SOURCE makes of an open without a mode, and names of the C library's own.
UMS_PRELOAD(int, __open_2, const char* path, int flags);
UMS_PRELOAD(int, __open64_2, const char* path, int flags);
UMS_PRELOAD(int, __openat_2, int folder, const char* path, int flags);
UMS_PRELOAD(int, __openat64_2, int folder, const char* path, int flags);
UMS_PRELOAD(int, __open, const char* path, int flags, mode_t mode);
UMS_PRELOAD(int, __open64, const char* path, int flags, mode_t mode);

namespace {

using ums::api::NextSymbol;

// On these machines the 64-bit forms are the same functions.
constinit NextSymbol<int(const char*, int, mode_t)> next_open{"open"};
constinit NextSymbol<int(int, const char*, int, mode_t)> next_openat{"openat"};
constinit NextSymbol<int(const char*, mode_t)> next_creat{"creat"};
constinit NextSymbol<int(const char*, int)> next_open_2{"__open_2"};
constinit NextSymbol<int(int, const char*, int)> next_openat_2{"__openat_2"};

bool takes_mode(int flags) noexcept {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

// Opens the device; by `pass_on` where Linux is to.
template <typename PassOn>
int open_device(int flags, PassOn pass_on) {
  pthread_testcancel();  // as in the C library's
  const std::optional<int> fd = ums::api::simulated_open(flags);
  return fd ? *fd : pass_on();
}

template <typename PassOn>
int open_or(int folder, const char* path, int flags, PassOn pass_on) {
  if (ums::preload::names_device(folder, path)) return open_device(flags, pass_on);
  const int fd = pass_on();
  // ENXIO: under `ums run` the device is seen everywhere, and cannot be opened from outside.
  const int error = errno;
  if (fd >= 0 || (error != ENOENT && error != ENXIO)) return fd;
  if (!ums::preload::links_to_device(folder, path)) {
    errno = error;
    return fd;
  }
  return open_device(flags, [error] {
    errno = error;
    return -1;
  });
}

// `mode` is what happens to be there where the caller gave none.
int open_with_mode(const char* path, int flags, mode_t mode) {
  return open_or(AT_FDCWD, path, flags, [=] { return next_open(path, flags, mode); });
}

int openat_with_mode(int folder, const char* path, int flags, mode_t mode) {
  return open_or(folder, path, flags, [=] { return next_openat(folder, path, flags, mode); });
}

// The C library ends the program where a mode is missing. That is a fault of any path.
int open_fortified(const char* path, int flags) {
  if (takes_mode(flags)) return next_open_2(path, flags);
  return open_or(AT_FDCWD, path, flags, [=] { return next_open_2(path, flags); });
}

int openat_fortified(int folder, const char* path, int flags) {
  if (takes_mode(flags)) return next_openat_2(folder, path, flags);
  return open_or(folder, path, flags, [=] { return next_openat_2(folder, path, flags); });
}

int creat_or(const char* path, mode_t mode) {
  return open_or(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC,
                 [=] { return next_creat(path, mode); });
}

}  // namespace

void ums::preload::resolve_open() noexcept {
  next_open.resolve();
  next_openat.resolve();
  next_creat.resolve();
  next_open_2.resolve();
  next_openat_2.resolve();
}

int ums_open(const char* path, int flags, mode_t mode) { return open_with_mode(path, flags, mode); }

int ums_open64(const char* path, int flags, mode_t mode) {
  return open_with_mode(path, flags, mode);
}

int ums___open(const char* path, int flags, mode_t mode) {
  return open_with_mode(path, flags, mode);
}

int ums___open64(const char* path, int flags, mode_t mode) {
  return open_with_mode(path, flags, mode);
}

int ums_openat(int folder, const char* path, int flags, mode_t mode) {
  return openat_with_mode(folder, path, flags, mode);
}

int ums_openat64(int folder, const char* path, int flags, mode_t mode) {
  return openat_with_mode(folder, path, flags, mode);
}

int ums_creat(const char* path, mode_t mode) { return creat_or(path, mode); }
int ums_creat64(const char* path, mode_t mode) { return creat_or(path, mode); }

int ums___open_2(const char* path, int flags) { return open_fortified(path, flags); }
int ums___open64_2(const char* path, int flags) { return open_fortified(path, flags); }

int ums___openat_2(int folder, const char* path, int flags) {
  return openat_fortified(folder, path, flags);
}

int ums___openat64_2(int folder, const char* path, int flags) {
  return openat_fortified(folder, path, flags);
}
