// SPDX-License-Identifier: Apache-2.0
//
// The random bytes that a program gets from the kernel (Linux: drivers/char/random.c): the same in
// each execution, so that what it does with them is a function of the schedule.
//
// Thread safety: the carrier.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ums::kernel {

void random_bytes_reset() noexcept;

std::uint64_t random_number() noexcept;

}  // namespace ums::kernel
