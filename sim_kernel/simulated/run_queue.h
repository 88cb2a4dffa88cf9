// SPDX-License-Identifier: Apache-2.0
//
// RunQueue: the tasks that may run, by number (Linux: struct rq).
//
// Thread safety: one kernel thread, the carrier.
#pragma once

#include <cstddef>
#include <span>

#include "sim_kernel/sched/task.h"
#include "sim_kernel/simulated/choice.h"

namespace ums::kernel {

class RunQueue {
 public:
  constexpr RunQueue() = default;
  ~RunQueue();
  RunQueue(const RunQueue&) = delete;
  RunQueue& operator=(const RunQueue&) = delete;

  // Makes room for `tasks` tasks. False: no memory.
  [[nodiscard]] bool reserve(std::size_t tasks) noexcept;

  // Of those in it nobody is left.
  void clear() noexcept { size_ = 0; }

  // There is room. What the task does next is what its `next` says now.
  void add(Task& task) noexcept;
  void remove(Task& task) noexcept;

  // Says anew what a task in the queue does next.
  void set_next(Task& task, Event next) noexcept;

  std::span<const Choice> choices() const noexcept { return {choices_, size_}; }
  Task& task(std::size_t index) const noexcept { return *tasks_[index].task; }
  std::size_t size() const noexcept { return size_; }

 private:
  struct Entry {
    Task* task;
  };

  std::size_t place_of(int number) const noexcept;

  // Of one index in both; by ascending number.
  Choice* choices_ = nullptr;
  Entry* tasks_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace ums::kernel
