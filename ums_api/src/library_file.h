// SPDX-License-Identifier: Apache-2.0
//
// The library's own open file of the device, through which every function of ums.h goes.
//
// It is opened when the library is loaded (by the preloaded library when it is first used, unless
// the program is linked with libums; preload_hooks.h), and replaced in a forked child, which so has
// a private pool. Linux closes it when the process has ended; until then other threads may be using
// it, during exit and its destructors too. The device lets a thread open it once only, so a file
// that no function of ums.h has used yet makes room for a program that opens the device itself
// (release_unused_library_file); the first such function claims the file, or opens it anew.
//
// Invariants:
// 1. At most one file is open at a time; once claimed it stays, pinned, until a fork.
// 2. simulated_file is set exactly while a claimed file of the simulation is open, but for programs
//    whose calls are recorded (parallel/strace.h): theirs all go through the device's ioctl.
//
// Thread safety: any thread. Not for signal handlers before the first call of ums.h.
#pragma once

#include <atomic>

#include "ums_api/src/ums_call.h"

namespace ums::api {

extern std::atomic<kernel::File*> simulated_file __attribute__((visibility("hidden")));

// As library_ioctl, for the first call, for recorded calls and for the real device.
int library_ioctl_slow(unsigned request, kernel::IoctlArg arg);

// The library's file where the simulation answers, has been called before and keeps no record, else
// null.
// Ordering: acquire; pairs with the release in claim().
inline kernel::File* library_file() noexcept {
  return simulated_file.load(std::memory_order_acquire);
}

// Performs handler(data, me) inside it, without an argument struct. Returns 0 or -errno.
template <typename Handler>
inline __attribute__((always_inline)) int library_call(kernel::File& file, Handler handler) {
  return -kernel::ums_call(file, handler).error_code();
}

// Performs `request` on the library's file. Returns 0 or -errno; where there is no file, the error
// of opening it.
// Context: may sleep and switch, as the request does.
template <unsigned kRequest>
inline __attribute__((always_inline)) int library_ioctl(kernel::IoctlArg arg) {
  kernel::File* const file = library_file();
  if (file == nullptr) [[unlikely]] {
    return library_ioctl_slow(kRequest, arg);
  }
  return -kernel::ums_ioctl<kRequest>(*file, arg).error_code();
}

// For arguments that are the library's own, or values: nothing is checked.
template <unsigned kRequest>
inline __attribute__((always_inline)) int library_ioctl(const void* own) {
  return library_ioctl<kRequest>(
      kernel::IoctlArg{reinterpret_cast<unsigned long>(own), kernel::kKernelMemory});
}
template <unsigned kRequest>
inline __attribute__((always_inline)) int library_ioctl(int value) {
  return library_ioctl<kRequest>(
      kernel::IoctlArg{static_cast<unsigned long>(value), kernel::kKernelMemory});
}

// Whether the simulation has been asked for anything: from load on, but for the preloaded library.
bool simulation_runs() noexcept;

// Closes the library's file if the calling thread opened it and nothing has used it yet.
void release_unused_library_file() noexcept;

// The program has opened the device by itself, as `fd`.
void note_program_file(int fd) noexcept;

}  // namespace ums::api
