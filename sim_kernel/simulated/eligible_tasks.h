// SPDX-License-Identifier: Apache-2.0
//
// EligibleTasks: those in the run queue that may go on at one moment of virtual time, as choices.
//
//     eligible.collect(run_queue, object);
//     Task& next = eligible.task(chooser->choose(eligible.choices(), current));
//
// What a queued task does next is the step that it has stopped before, if it takes a CPU at no
// cost; else it is to take one (kDispatch), and it makes its step at a later moment.
//
// Thread safety: the carrier.
#pragma once

#include <cstddef>
#include <span>

#include "sim_kernel/sched/task.h"
#include "sim_kernel/simulated/run_queue.h"

namespace ums::kernel {

class EligibleTasks {
 public:
  constexpr EligibleTasks() = default;
  ~EligibleTasks();
  EligibleTasks(const EligibleTasks&) = delete;
  EligibleTasks& operator=(const EligibleTasks&) = delete;

  // Makes room for `tasks` tasks. False: no memory.
  [[nodiscard]] bool reserve(std::size_t tasks) noexcept;

  // At the moment that virtual_cpus looks at. There is room for all of the queue. `cpus`: what
  // steps are about that take a CPU.
  void collect(const RunQueue& queue, std::uint32_t cpus) noexcept;

  std::span<const Choice> choices() const noexcept { return {choices_, size_}; }
  Task& task(std::size_t index) const noexcept { return *tasks_[index]; }

 private:
  // Of one index in both; by ascending number.
  Choice* choices_ = nullptr;
  Task** tasks_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace ums::kernel
