// SPDX-License-Identifier: Apache-2.0
#include "support/await.h"

#include <fmt/core.h>

#include <fstream>
#include <string>

#include "support/kernel_view.h"

namespace ums::test {

namespace {

using kernel::TaskState;

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
  const TaskLook look = look_at_task(tid);
  if (!look.found || look.state != state) return false;
  return state != TaskState::kSuspended || look.off_cpu;
}

bool task_exists(pid_t tid) { return look_at_task(tid).found; }

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

}  // namespace ums::test
