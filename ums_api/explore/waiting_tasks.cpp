// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/waiting_tasks.h"

#include <fmt/format.h>

#include "sim_kernel/simulated/find_task.h"
#include "sim_kernel/simulated/simulated_thread.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::explore {

namespace {

using kernel::Event;
using kernel::EventKind;
using kernel::Task;

// Whose end the task waits for; null: it is not known.
const Task* joined_by(const Event& next) {
  const auto* thread =
      static_cast<const kernel::SimulatedThread*>(kernel::simulated_object(next.object));
  return thread == nullptr || thread->ended ? nullptr : thread->task;
}

// Who has the lock that the task is about to take; null: it is not known.
const Task* owner_of_lock(const Task& task) {
  const int* const owner = task.machine.holder;
  return owner == nullptr || *owner == 0 ? nullptr : kernel::simulated_task_of_owner(*owner);
}

// `lock object 3`
std::string text_of(const Event& event) {
  const std::string name = kernel::event_name(event.kind);
  return event.object == 0 ? name : fmt::format("{} object {}", name, event.object);
}

std::string text_of_join(const Event& next) {
  const Task* const joined = joined_by(next);
  if (joined == nullptr) return "waits to " + text_of(next);
  return fmt::format("waits for the end of task {}", joined->machine.number);
}

std::string text_of_lock(const Task& task) {
  const std::string text = "waits to " + text_of(task.machine.next);
  const Task* const owner = owner_of_lock(task);
  if (owner == nullptr) return text;
  return fmt::format("{}, which task {} has", text, owner->machine.number);
}

std::string text_of(const Task& task) {
  const Event& next = task.machine.next;
  if (task.machine.runnable) return "could go on, to " + text_of(next);
  switch (next.kind) {
    case EventKind::kJoin:
      return text_of_join(next);
    case EventKind::kLock:
    case EventKind::kTimedLock:
      return text_of_lock(task);
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
