// SPDX-License-Identifier: Apache-2.0
//
// O_LARGEFILE as Linux has it in the flags of every file that a 64-bit program opens; <fcntl.h>
// calls it 0.
//
// Thread safety: a constant.
#pragma once

namespace ums::kernel {

#if defined(__x86_64__)
inline constexpr int kLargeFile = 0x8000;
#else
inline constexpr int kLargeFile = 0x20000;
#endif

}  // namespace ums::kernel
