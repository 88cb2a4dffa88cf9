// SPDX-License-Identifier: Apache-2.0
//
// The rule of every machine: nobody switches while holding a spinlock or inside an RCU read section
// (Linux: schedule_debug).
#pragma once

#include "sim_kernel/sched/task.h"
#include "sim_kernel/sync/lock_rank.h"
#include "sim_kernel/sync/rcu.h"

namespace ums::kernel {

inline void assert_may_schedule(const Task& me) noexcept {
#if UMS_MACHINE_SIMULATED
  if (me.machine.is_preempted) return;
#endif
  const unsigned long reader = me.rcu_reader.load(std::memory_order_relaxed);
  kassert((reader & kRcuNestMask) == 0,
          "Voluntary context switch within RCU read-side critical section! task {}", me.tid);
  kassert(!lock_rank_any_held(), "scheduling while atomic: task {}", me.tid);
}

}  // namespace ums::kernel
