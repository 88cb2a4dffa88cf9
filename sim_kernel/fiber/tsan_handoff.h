// SPDX-License-Identifier: Apache-2.0
//
// What ThreadSanitizer must be told of a switch: whatever one task did before it left a Cpu is
// visible to the next one there. The processor needs no telling, since both are one kernel thread.
#pragma once

#if UMS_SANITIZE_THREAD
#include <sanitizer/tsan_interface.h>
#endif

namespace ums::kernel {

inline void tsan_release([[maybe_unused]] void* place) noexcept {
#if UMS_SANITIZE_THREAD
  __tsan_release(place);
#endif
}

inline void tsan_acquire([[maybe_unused]] void* place) noexcept {
#if UMS_SANITIZE_THREAD
  __tsan_acquire(place);
#endif
}

}  // namespace ums::kernel
