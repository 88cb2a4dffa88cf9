// SPDX-License-Identifier: Apache-2.0
//
// The objects that are alive in the kernel of the calling process.
//
// Thread safety: any thread.
#pragma once

#include <string>

#include "sim_kernel/mm/kvmalloc.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/sync/rcu.h"
#include "support/kernel_view.h"

namespace ums::test {

// As live_objects. RCU callbacks are run before.
inline LiveObjects objects_here() {
  LiveObjects live;
  kernel::rcu_barrier();
  kernel::slab_for_each(
      [](const kernel::SlabCache& cache, void* argument) {
        (*static_cast<LiveObjects*>(argument))[cache.name()] += cache.live();
      },
      &live);
  live["kvmalloc"] = kernel::kvmalloc_live();
  std::erase_if(live, [](const auto& entry) { return entry.second == 0; });
  return live;
}

}  // namespace ums::test
