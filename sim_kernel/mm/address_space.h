// SPDX-License-Identifier: Apache-2.0
//
// The memory of the program that calls, piece by piece: what a machine knows of it. user_copy.h is
// what the kernel uses.
//
// A piece lies within one page, so that it is moved as a whole or not at all.
//
// Thread safety: any thread.
#pragma once

#include <cstddef>

namespace ums::kernel {

// Moves `bytes` bytes to or from the calling task's memory; false if the address is bad.
bool write_piece(unsigned long to, const void* from, std::size_t bytes) noexcept;
bool read_piece(void* to, unsigned long from, std::size_t bytes) noexcept;

}  // namespace ums::kernel
