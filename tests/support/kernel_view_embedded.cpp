// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/debug/misuse.h"
#include "sim_kernel/mm/user_copy.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/sync/lock_rank.h"
#include "support/kernel_view.h"
#include "support/objects_here.h"

namespace ums::test {

using kernel::Task;

bool kernel_is_embedded() { return true; }

bool force_pipe_copies(bool forced) {
  kernel::user_copy_force_pipe(forced);
  return true;
}

TaskLook look_at_task(pid_t tid) {
  struct Search {
    pid_t tid;
    TaskLook look;
  } search{tid, {}};
  kernel::for_each_task(
      [](Task& task, void* argument) {
        Search& wanted = *static_cast<Search*>(argument);
        if (task.tid != wanted.tid) return;
        wanted.look = {true, task.state.load(std::memory_order_acquire),
                       !task.on_cpu.load(std::memory_order_acquire)};
      },
      &search);
  return search.look;
}

LiveObjects live_objects() {
  LiveObjects live = objects_here();
  // The test's own thread keeps its park stack, once it had one.
  if (kernel::current_task()->machine.home.park_stack != nullptr && --live["park_stack"] == 0) {
    live.erase("park_stack");
  }
  return live;
}

unsigned misuse_count() { return kernel::misuse_count(); }

std::uint64_t log_next() { return kernel::printk_next_sequence(); }

std::vector<std::string> log_since(std::uint64_t number) {
  std::vector<std::string> texts;
  kernel::printk_read(number,
                      [&](const kernel::LogRecord& record) { texts.emplace_back(record.text()); });
  return texts;
}

bool any_lock_held() { return kernel::lock_rank_any_held(); }

void print_tasks() {
  kernel::for_each_task(
      [](Task& task, void*) {
        fmt::print(stderr, "  task {} is {}, on the processor of {}\n", task.tid,
                   kernel::task_state_name(task.state.load()), task.cpu->tid);
      },
      nullptr);
}

}  // namespace ums::test
