// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/init/start_kernel.h"

#include <pthread.h>

#include "procfs_emul/proc_node.h"
#include "sim_kernel/base/kassert.h"
#include "sim_kernel/base/printk.h"
#include "sim_kernel/fiber/thread_pointer.h"
#include "sim_kernel/init/init_kernel.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/parallel/descriptor_table.h"
#include "sim_kernel/parallel/strace.h"
#include "sim_kernel/publish/publish.h"
#include "sim_kernel/sched/schedule.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/ums/device.h"
#include "sim_kernel/ums/published.h"

namespace ums::kernel {

namespace {

// The child has one thread, the kernel's memory as the others left it, and none of their locks'
// holders.
void restart_in_child() noexcept {
  publish_reset_after_fork();
  slab_reset_after_fork();
  printk_reset_after_fork();
  task_reset_after_fork();
  rcu_reset_after_fork();
  files_reset_after_fork();
  proc_reset_after_fork();
  ums_device_reset_after_fork();
  machine_restart_after_fork();
}

void start() noexcept {
  thread_pointer_init();
  init_kernel();
  strace_init();
  ums_publish(KernelKind::kEmbedded);
  const int error = pthread_atfork(nullptr, nullptr, restart_in_child);
  kassert(error == 0, "no memory for the fork handler: errno {}", error);
}

}  // namespace

void start_kernel() noexcept {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start);
}

}  // namespace ums::kernel
