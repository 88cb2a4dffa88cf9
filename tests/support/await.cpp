// SPDX-License-Identifier: Apache-2.0
#include "support/await.h"

#include <fmt/core.h>

#include <fstream>
#include <string>

#include "sim_kernel/sched/task.h"

namespace ums::test {

namespace {

using kernel::Task;
using kernel::TaskState;

struct Look {
  pid_t tid;
  bool found = false;
  TaskState state = TaskState::kDead;
  bool on_cpu = false;
};

Look look_at(pid_t tid) {
  Look look{tid};
  kernel::for_each_task(
      [](Task& task, void* argument) {
        Look& wanted = *static_cast<Look*>(argument);
        if (task.tid != wanted.tid) return;
        wanted.found = true;
        wanted.state = task.state.load(std::memory_order_acquire);
        wanted.on_cpu = task.on_cpu.load(std::memory_order_acquire);
      },
      &look);
  return look;
}

// The letter after the name in /proc/self/task/TID/stat.
char linux_state(pid_t tid) {
  std::ifstream file(fmt::format("/proc/self/task/{}/stat", tid));
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(')');
  return end == std::string::npos ? '?' : text[end + 2];
}

}  // namespace

bool task_is(pid_t tid, TaskState state) {
  const Look look = look_at(tid);
  if (!look.found || look.state != state) return false;
  return state != TaskState::kSuspended || !look.on_cpu;
}

bool task_exists(pid_t tid) { return look_at(tid).found; }

void wait_until_suspended(pid_t tid) {
  wait_until([tid] { return task_is(tid, TaskState::kSuspended); });
}

void wait_until_blocked(pid_t tid) {
  wait_until([tid] { return task_is(tid, TaskState::kInterruptible); });
}

void wait_until_executing(pid_t tid) {
  wait_until([tid] { return task_is(tid, TaskState::kExecuting); });
}

void wait_until_asleep(pid_t tid) {
  wait_until([tid] { return linux_state(tid) == 'S'; });
}

void print_tasks() {
  kernel::for_each_task(
      [](Task& task, void*) {
        fmt::print(stderr, "  task {} is {}, on the processor of {}\n", task.tid,
                   kernel::task_state_name(task.state.load()), task.cpu->tid);
      },
      nullptr);
}

}  // namespace ums::test
