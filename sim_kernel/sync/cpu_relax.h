// SPDX-License-Identifier: Apache-2.0
//
// cpu_relax: tells the processor that this is a spin loop (Linux: cpu_relax).
#pragma once

namespace ums::kernel {

inline void cpu_relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  asm volatile("yield" ::: "memory");
#endif
}

}  // namespace ums::kernel
