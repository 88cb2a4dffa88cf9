// SPDX-License-Identifier: Apache-2.0
//
// Context of the calling thread: what it is in an open file, a scheduler, a worker, both or
// neither. Found through a cache in the Task, which holds the answer for one file at a time.
//
// Thread safety: about the calling thread, whose roles nobody else changes while it is inside the
// file.
#pragma once

#include "sim_kernel/sched/task.h"
#include "sim_kernel/ums/ums_data.h"

namespace ums::kernel {

// Looks both roles up again and caches them: after one was won or lost, or in another file.
void context_refresh(UmsData& data, Task& me) noexcept;

// The caller's role, or null.
inline Scheduler* current_scheduler(UmsData& data, Task& me) noexcept {
  if (me.module_cache.owner != data.serial) [[unlikely]] {
    context_refresh(data, me);
  }
  return static_cast<Scheduler*>(me.module_cache.scheduler);
}

inline Worker* current_worker(UmsData& data, Task& me) noexcept {
  if (me.module_cache.owner != data.serial) [[unlikely]] {
    context_refresh(data, me);
  }
  return static_cast<Worker*>(me.module_cache.worker);
}

}  // namespace ums::kernel
