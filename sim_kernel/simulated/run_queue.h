// SPDX-License-Identifier: Apache-2.0
//
// RunQueue: the tasks that may run, by number (Linux: struct rq).
//
// A lock that is released wakes all who wait for it, and who takes it holds them off again: of
// thousands of tasks all come and go together, at once. So those that come are put in their places
// together, when somebody looks.
//
// Thread safety: one kernel thread, the carrier.
#pragma once

#include <algorithm>
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
  void clear() noexcept { size_ = added_ = 0; }

  // There is room. What the task does next is what its `next` says now.
  void add(Task& task) noexcept;
  void remove(Task& task) noexcept;

  // Removes those of which goes(choice, task) is true; it is asked from the last to the first, and
  // does not touch the queue.
  template <typename Goes>
  void remove_if(Goes goes) noexcept;

  // Says anew what a task in the queue does next.
  void set_next(Task& task, Event next) noexcept;

  std::span<const Choice> choices() const noexcept {
    settle();
    return {choices_, size_};
  }
  Task& task(std::size_t index) const noexcept {
    settle();
    return *tasks_[index].task;
  }
  std::size_t size() const noexcept { return size_ + added_; }

 private:
  struct Entry {
    Task* task;
  };

  // Those that were added are in their places then.
  void settle() const noexcept {
    if (added_ > 0) put_in_places();
  }
  void put_in_places() const noexcept;
  std::size_t place_of(int number) const noexcept;

  // Of one index in both; by ascending number.
  Choice* choices_ = nullptr;
  Entry* tasks_ = nullptr;
  mutable std::size_t size_ = 0;
  // Since then, in any order.
  Entry* new_tasks_ = nullptr;
  mutable std::size_t added_ = 0;
  std::size_t capacity_ = 0;  // of each
};

template <typename Goes>
void RunQueue::remove_if(Goes goes) noexcept {
  settle();
  std::size_t kept = size_;
  for (std::size_t i = size_; i-- > 0;) {
    Task& task = *tasks_[i].task;
    if (goes(choices_[i], task)) {
      task.machine.runnable = false;
    } else if (--kept != i) {
      choices_[kept] = choices_[i];
      tasks_[kept] = tasks_[i];
    }
  }
  if (kept == 0) return;
  std::copy(choices_ + kept, choices_ + size_, choices_);
  std::copy(tasks_ + kept, tasks_ + size_, tasks_);
  size_ -= kept;
}

}  // namespace ums::kernel
