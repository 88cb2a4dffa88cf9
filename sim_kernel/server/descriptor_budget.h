// SPDX-License-Identifier: Apache-2.0
//
// How the kernel process shares out its descriptors, of which it has RLIMIT_NOFILE. A program that
// wants too many is refused; the others find some.
//
//     file      three for a moment, two while it is open: refused where fewer are free than its
//               process has opened files
//     process   one while it has threads that have called: refused before files are
//
// A few are kept for what is open for a moment, at any call. Linux gives the lowest free number, so
// a new descriptor's number tells how many there are.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <cstddef>

namespace ums::kernel {

// Makes RLIMIT_NOFILE as large as it may be, within reason.
void raise_descriptor_limit() noexcept;

// Whether a file, or a process, may keep the descriptor `newest`, which it has been given just now.
bool suffices_for_file(int newest, std::size_t files_of_process) noexcept;
bool suffices_for_process(int newest) noexcept;

}  // namespace ums::kernel
