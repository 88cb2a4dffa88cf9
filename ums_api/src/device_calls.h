// SPDX-License-Identifier: Apache-2.0
//
// Open, ioctl, dup, dup2 and close on the simulated device as C functions: -1 and errno. For
// whoever takes such calls of programs, ums/ums_dev.h and the preloaded library.
//
//     if (const auto fd = simulated_open(flags)) return *fd;
//     return open(path, flags);                                  // not ours: Linux answers
//
// An empty result says that Linux is to answer the call, as it is: the real device serves, or the
// descriptor is not the simulation's, or not any more since the program closed it in a way that
// nobody could see, or the caller is not our process (own_process.h).
//
// Thread safety: any thread. From a signal handler that interrupted the kernel: EBUSY.
#pragma once

#include <optional>

#include "sim_kernel/parallel/descriptor_table.h"

namespace ums::api {

// Whether `fd` is a descriptor of Linux's alone. One load.
inline bool is_foreign(int fd) noexcept {
  return kernel::descriptor_slot(fd).load(std::memory_order_acquire) == nullptr;
}

// Opens /dev/ums. The child of a vfork can do nothing with it but hand it on to a program that it
// executes, to which it is what an inherited one is: /dev/null.
std::optional<int> simulated_open(int flags);

// `frame` is that of the function which the program called.
std::optional<int> simulated_ioctl(int fd, unsigned long request, unsigned long argument,
                                   unsigned long frame);

// dup(2), dup3(2), fcntl(2) with F_DUPFD or F_DUPFD_CLOEXEC.
std::optional<int> simulated_dup(int fd, kernel::DupCall call = {});

// dup3(2) of a descriptor of Linux's over one of ours.
std::optional<int> simulated_replace(int fd, int source, int flags);

std::optional<int> simulated_close(int fd);

}  // namespace ums::api
