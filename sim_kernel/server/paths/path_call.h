// SPDX-License-Identifier: Apache-2.0
//
// The system calls by which programs look at files, change them and name them, but for open: where
// each has its arguments, and who answers if they lead to what is ours.
//
// LIMIT: a call that changes something fails where a relative path has left /proc/ums by ".."
// (EXDEV): it would have to be made in the program's name. mount(2) and calls that name a
// file by other means than a path are not caught.
//
// Thread safety: handle_path_call: one thread, the kernel loop. path_call_numbers: any.
#pragma once

#include <linux/seccomp.h>

#include <cstdint>
#include <span>

namespace ums::kernel {

class Listener;

// Answers the call, or passes it on. Any other call is passed on, too.
void handle_path_call(Listener& listener, const seccomp_notif& notification) noexcept;

// The upper half of offsets in folders of /proc/ums (d_off), by which the filter knows an lseek
// that is one of seekdir(3). Linux's are small numbers.
inline constexpr std::uint64_t kFolderOffset = std::uint64_t{0x554d53} << 32;  // "UMS"

// For the filter. Numbers may come twice.
std::span<const int> path_call_numbers() noexcept;

}  // namespace ums::kernel
