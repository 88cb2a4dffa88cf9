// SPDX-License-Identifier: Apache-2.0
//
// The kernel's locks that order what a program's threads do (happens_before.h): those of lists and
// schedulers, which UMS calls hand workers and events on by. Other locks of the kernel order it by
// chance, and a program that relies on that has a race.
//
// Thread safety: the carrier; the holder of the lock.
#pragma once

#include "sim_kernel/sync/lock_rank.h"

namespace ums::kernel {

extern bool races_are_watched __attribute__((visibility("hidden")));

namespace race_detail {

void note_kernel_lock(const void* lock) noexcept;
void note_kernel_unlock(const void* lock) noexcept;

}  // namespace race_detail

inline constexpr bool orders_program(LockRank rank) noexcept {
  return rank == LockRank::kComplist || rank == LockRank::kScheduler;
}

template <LockRank kRank>
inline void note_locked(const void* lock) noexcept {
  if constexpr (orders_program(kRank)) {
    if (races_are_watched) [[unlikely]]
      race_detail::note_kernel_lock(lock);
  }
}

template <LockRank kRank>
inline void note_unlocked(const void* lock) noexcept {
  if constexpr (orders_program(kRank)) {
    if (races_are_watched) [[unlikely]]
      race_detail::note_kernel_unlock(lock);
  }
}

}  // namespace ums::kernel
