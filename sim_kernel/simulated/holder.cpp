// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/holder.h"

#include "sim_kernel/simulated/find_task.h"
#include "sim_kernel/simulated/role.h"
#include "sim_kernel/simulated/simulated_thread.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

namespace {

// The task that runs in the place of a scheduler, or null.
const Task* executed_by(const Task& scheduler) noexcept {
  struct Search {
    const Task* scheduler;
    const Task* found = nullptr;
  } search{&scheduler};
  for_each_simulated(
      [](Task& task, void* argument) {
        auto& its = *static_cast<Search*>(argument);
        if (task.resumer == its.scheduler) its.found = &task;
      },
      &search);
  return search.found;
}

// The only scheduler of a completion list; null: it has none, or several.
const Task* only_scheduler_of(int list) noexcept {
  struct Search {
    const int list;
    const Task* found = nullptr;
    int count = 0;
  } search{list};
  for_each_simulated(
      [](Task& task, void* argument) {
        auto& its = *static_cast<Search*>(argument);
        const Role role = role_of(task);
        if (role.kind != Role::Kind::kScheduler || role.list != its.list) return;
        its.found = &task;
        ++its.count;
      },
      &search);
  return search.count == 1 ? search.found : nullptr;
}

const Task* holder_in_call(const Task& task) noexcept {
  const Role role = role_of(task);
  switch (role.kind) {
    case Role::Kind::kScheduler:
      return executed_by(task);
    case Role::Kind::kReached:
      return role.dequeuer;
    case Role::Kind::kListed:
      return only_scheduler_of(role.list);
    default:
      return nullptr;
  }
}

const Task* joined_by(const Event& next) noexcept {
  const auto* const thread = static_cast<const SimulatedThread*>(simulated_object(next.object));
  return thread == nullptr || thread->ended ? nullptr : thread->task;
}

Holder owner_of_lock(const Task& task) noexcept {
  const int* const owner = task.machine.holder;
  if (owner == nullptr || *owner == 0) return {};
  const Task* const its = simulated_task_of_owner(*owner);
  return {its, its == nullptr};
}

}  // namespace

Holder holder_of(const Task& task) noexcept {
  const Event& next = task.machine.next;
  switch (next.kind) {
    case EventKind::kCall:
      return {holder_in_call(task)};
    case EventKind::kJoin:
      return {joined_by(next)};
    case EventKind::kLock:
    case EventKind::kTimedLock:
      return owner_of_lock(task);
    default:
      return {};
  }
}

}  // namespace ums::kernel
