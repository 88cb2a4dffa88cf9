// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/run_queue.h"

#include <algorithm>
#include <utility>

#include "sim_kernel/mm/kvmalloc.h"

namespace ums::kernel {

namespace {

// Replaces `table` by a larger one. False: no memory.
template <typename T>
bool grow(T*& table, std::size_t size, std::size_t capacity) noexcept {
  auto* const bigger = static_cast<T*>(kvmalloc(capacity * sizeof(T)));
  if (bigger == nullptr) return false;
  std::copy_n(table, size, bigger);
  kvfree(std::exchange(table, bigger));
  return true;
}

}  // namespace

RunQueue::~RunQueue() {
  kvfree(new_tasks_);
  kvfree(choices_);
  kvfree(tasks_);
}

bool RunQueue::reserve(std::size_t tasks) noexcept {
  if (tasks <= capacity_) return true;
  const std::size_t capacity = std::max<std::size_t>({tasks, 2 * capacity_, 16});
  if (!grow(choices_, size_, capacity) || !grow(tasks_, size_, capacity) ||
      !grow(new_tasks_, added_, capacity)) {
    return false;
  }
  capacity_ = capacity;
  return true;
}

// Among few, who counts them all is faster than who guesses, which a processor cannot foresee.
std::size_t RunQueue::place_of(int number) const noexcept {
  constexpr std::size_t kFew = 16;
  if (size_ <= kFew) {
    std::size_t place = 0;
    for (std::size_t i = 0; i < size_; ++i) place += choices_[i].task < number ? 1 : 0;
    return place;
  }
  const auto* const place =
      std::lower_bound(choices_, choices_ + size_, number,
                       [](const Choice& choice, int wanted) { return choice.task < wanted; });
  return static_cast<std::size_t>(place - choices_);
}

void RunQueue::add(Task& task) noexcept {
  kassert(size() < capacity_, "no room for task {}", task.machine.number);
  new_tasks_[added_++] = {&task};
  task.machine.runnable = true;
}

// From the end, where there is room.
void RunQueue::put_in_places() const noexcept {
  const auto number_of = [](const Entry& entry) { return entry.task->machine.number; };
  std::sort(new_tasks_, new_tasks_ + added_,
            [=](const Entry& a, const Entry& b) { return number_of(a) < number_of(b); });
  std::size_t old = size_;
  size_ += added_;
  for (std::size_t place = size_; added_ > 0;) {
    --place;
    Task& task = *new_tasks_[added_ - 1].task;
    if (old > 0 && choices_[old - 1].task > task.machine.number) {
      --old;
      choices_[place] = choices_[old];
      tasks_[place] = tasks_[old];
    } else {
      --added_;
      choices_[place] = {task.machine.number, task.machine.next};
      tasks_[place] = {&task};
    }
  }
}

void RunQueue::remove(Task& task) noexcept {
  settle();
  const std::size_t place = place_of(task.machine.number);
  std::copy(choices_ + place + 1, choices_ + size_, choices_ + place);
  std::copy(tasks_ + place + 1, tasks_ + size_, tasks_ + place);
  task.machine.runnable = false;
  --size_;
}

void RunQueue::set_next(Task& task, Event next) noexcept {
  settle();
  task.machine.next = next;
  choices_[place_of(task.machine.number)].next = next;
}

}  // namespace ums::kernel
