// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/lib/refcount.h"

#include "sim_kernel/base/printk.h"

namespace ums::kernel {

// Other threads may add and drop meanwhile: that is why kSaturated is so far from both ends.
void Refcount::saturate_after_inc(int old) noexcept {
  count_.store(kSaturated, std::memory_order_relaxed);  // the object is lost; nothing is ordered
  if (old == 0) {
    printk(LogLevel::kWarning, "refcount_t: addition on 0; use-after-free.");
  } else {
    printk(LogLevel::kWarning, "refcount_t: saturated; leaking memory.");
  }
}

void Refcount::saturate_after_dec() noexcept {
  count_.store(kSaturated, std::memory_order_relaxed);  // as above
  printk(LogLevel::kWarning, "refcount_t: underflow; use-after-free.");
}

}  // namespace ums::kernel
