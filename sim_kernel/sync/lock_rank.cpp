// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sync/lock_rank.h"

#include "sim_kernel/base/kassert.h"

#if UMS_LOCK_DEBUG

namespace ums::kernel {

namespace {

// Bit r is set while a lock of rank r is held.
thread_local constinit std::uint32_t held_ranks __attribute__((tls_model("initial-exec"))) = 0;

constexpr unsigned number(LockRank rank) noexcept { return static_cast<unsigned>(rank); }

}  // namespace

void lock_rank_acquire(LockRank rank) noexcept {
  kassert((held_ranks >> number(rank)) == 0,
          "possible deadlock: lock of rank {} while holding ranks {:#x}", number(rank), held_ranks);
  held_ranks |= 1U << number(rank);
}

void lock_rank_release(LockRank rank) noexcept {
  kassert((held_ranks >> number(rank) & 1U) != 0, "bad unlock balance: rank {}", number(rank));
  held_ranks &= ~(1U << number(rank));
}

bool lock_rank_any_held() noexcept { return held_ranks != 0; }

}  // namespace ums::kernel

#endif
