// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/ums/context.h"

namespace ums::kernel {

void context_refresh(UmsData& data, Task& me) noexcept {
  RcuReadGuard guard;
  me.module_cache.scheduler = data.schedulers.find(me.tid);
  me.module_cache.worker = data.workers.find(me.tid);
  me.module_cache.owner = data.serial;
}

}  // namespace ums::kernel
