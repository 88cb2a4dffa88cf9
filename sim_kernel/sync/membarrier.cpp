// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sync/membarrier.h"

#include <linux/membarrier.h>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

constinit std::atomic<bool> membarrier_fast{false};

namespace {

enum class Support { kUnknown, kRefused, kRegistered };
constinit std::atomic<Support> support{Support::kUnknown};

void full_barrier() noexcept {
#if UMS_SANITIZE_THREAD
  static constinit std::atomic<int> anything{0};
  anything.fetch_add(1, std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace

bool membarrier_init() noexcept {
  const bool registered =
      raw_syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
  support.store(registered ? Support::kRegistered : Support::kRefused);
  membarrier_fast.store(registered);
  return registered;
}

// A thread that saw membarrier_fast goes without a fence, perhaps before this one has seen it: so
// "unknown" is settled here, never taken for "refused".
void membarrier_all_threads() noexcept {
  if (support.load() == Support::kUnknown) membarrier_init();
  if (support.load() == Support::kRefused ||
      raw_syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) {
    full_barrier();
  }
}

}  // namespace ums::kernel
