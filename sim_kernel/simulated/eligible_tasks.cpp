// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/eligible_tasks.h"

#include <algorithm>

#include "sim_kernel/mm/kvmalloc.h"
#include "sim_kernel/simulated/virtual_cpus.h"

namespace ums::kernel {

EligibleTasks::~EligibleTasks() {
  kvfree(choices_);
  kvfree(tasks_);
}

// Nothing of what was collected is kept.
bool EligibleTasks::reserve(std::size_t tasks) noexcept {
  if (tasks <= capacity_) return true;
  const std::size_t capacity = std::max<std::size_t>({tasks, 2 * capacity_, 16});
  auto* const choices = static_cast<Choice*>(kvmalloc(capacity * sizeof(Choice)));
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  auto** const bigger = static_cast<Task**>(kvmalloc(capacity * sizeof *tasks_));
  if (choices == nullptr || bigger == nullptr) {
    kvfree(choices);
    kvfree(bigger);
    return false;
  }
  kvfree(choices_);
  kvfree(tasks_);
  choices_ = choices;
  tasks_ = bigger;
  capacity_ = capacity;
  size_ = 0;
  return true;
}

void EligibleTasks::collect(const RunQueue& queue, std::uint32_t cpus) noexcept {
  size_ = 0;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    Task& task = queue.task(i);
    if (!virtual_cpus.may_go_on(task)) continue;
    const bool is_dispatch =
        task.machine.cpu < 0 && virtual_cpus.costs_time(task, virtual_cpus.place_for(task));
    choices_[size_] = queue.choices()[i];
    if (is_dispatch) choices_[size_].next = {EventKind::kDispatch, cpus};
    tasks_[size_++] = &task;
  }
}

}  // namespace ums::kernel
