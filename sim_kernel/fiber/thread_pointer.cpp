// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/fiber/thread_pointer.h"

#include <sys/auxv.h>

namespace ums::kernel {

#if defined(__x86_64__)

bool have_fsgsbase = false;

void thread_pointer_init() noexcept {
  constexpr unsigned long kHwcap2Fsgsbase = 1UL << 1;  // asm/hwcap2.h
  have_fsgsbase = (getauxval(AT_HWCAP2) & kHwcap2Fsgsbase) != 0;
}

#else

void thread_pointer_init() noexcept {}

#endif

}  // namespace ums::kernel
