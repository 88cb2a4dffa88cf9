// SPDX-License-Identifier: Apache-2.0
//
// What every machine's start_kernel does first: all parts of the kernel that they have in common.
//
// Thread safety: once, before any other thread knows the kernel.
#pragma once

namespace ums::kernel {

void init_kernel() noexcept;

}  // namespace ums::kernel
