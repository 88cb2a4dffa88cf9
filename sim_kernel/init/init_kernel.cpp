// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/init/init_kernel.h"

#include "sim_kernel/base/printk.h"
#include "sim_kernel/debug/misuse.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/trace/trace.h"
#include "sim_kernel/ums/device.h"

namespace ums::kernel {

void init_kernel() noexcept {
  printk_init();
  misuse_init();
  trace_init();
  rcu_init();
  task_init();
  ums_device_init();
}

}  // namespace ums::kernel
