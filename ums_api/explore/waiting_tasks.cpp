// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/waiting_tasks.h"

#include <fmt/format.h>

#include "sim_kernel/simulated/find_task.h"
#include "sim_kernel/simulated/holder.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::explore {

namespace {

using kernel::Event;
using kernel::EventKind;
using kernel::Task;

// `lock object 3`
std::string text_of(const Event& event) {
  const std::string name = kernel::event_name(event.kind);
  return event.object == 0 ? name : fmt::format("{} object {}", name, event.object);
}

// `, which task 3 has`
std::string text_of_owner(const kernel::Holder& owner) {
  if (owner.task != nullptr) return fmt::format(", which task {} has", owner.task->machine.number);
  return owner.has_ended ? ", whose owner has ended" : "";
}

std::string text_of_join(const Task& task) {
  const Task* const joined = kernel::holder_of(task).task;
  if (joined == nullptr) return "waits to " + text_of(task.machine.next);
  return fmt::format("waits for the end of task {}", joined->machine.number);
}

std::string text_of(const Task& task) {
  const Event& next = task.machine.next;
  if (task.machine.runnable) return "could go on, to " + text_of(next);
  switch (next.kind) {
    case EventKind::kJoin:
      return text_of_join(task);
    case EventKind::kLock:
    case EventKind::kTimedLock:
      return "waits to " + text_of(next) + text_of_owner(kernel::holder_of(task));
    case EventKind::kWait:
      return fmt::format("waits for object {}", next.object);
    case EventKind::kCall:
      return "waits in a call of the device";
    default:
      return "waits to " + text_of(next);
  }
}

}  // namespace

std::string waiting_tasks() {
  std::string text;
  for (int number = 1; number < kernel::simulation_tasks_made(); ++number) {
    const Task* const task = kernel::simulated_task(number);
    if (task == nullptr) continue;
    text +=
        fmt::format("  task {}{} {}\n", number, number == 1 ? " (the body)" : "", text_of(*task));
  }
  return text;
}

}  // namespace ums::explore
