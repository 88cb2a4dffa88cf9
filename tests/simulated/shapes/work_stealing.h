// SPDX-License-Identifier: Apache-2.0
//
// work-stealing queue (the shape: Frigo, Leiserson, Randall: The implementation of the Cilk-5
// multithreaded language, PLDI 1998): its owner pushes to the tail and pops from it without a lock;
// another steals from the head, under one.
//
// The bug: the owner looks at the head before it claims an element, and not after: both may take
// the last one, and then one that is pushed in its place is lost.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>

#include "tests/simulated/shapes/shared.h"

namespace ums::test {

class WorkStealingQueue {
 public:
  void push(int element) {
    const int tail = tail_;
    elements_[slot(tail)] = element;
    tail_ = tail + 1;
  }

  std::optional<int> pop() {
    const int tail = tail_ - 1;
    if (head_ <= tail) {
      tail_ = tail;  // the bug: it is to claim first, and then to look
      return elements_[slot(tail)].load();
    }
    const std::lock_guard guard(mutex_);
    if (head_ > tail) return {};
    tail_ = tail;
    return elements_[slot(tail)].load();
  }

  std::optional<int> steal() {
    const std::lock_guard guard(mutex_);
    const int head = head_;
    head_ = head + 1;
    if (head < tail_) return elements_[slot(head)].load();
    head_ = head;
    return {};
  }

 private:
  static constexpr std::size_t kElements = 4;

  static std::size_t slot(int index) { return static_cast<std::size_t>(index) % kElements; }

  std::mutex mutex_;
  Shared<int> head_{0};
  Shared<int> tail_{0};
  std::array<Shared<int>, kElements> elements_;
};

inline bool work_stealing() {
  constexpr std::size_t kElements = 4;
  WorkStealingQueue queue;
  std::array<int, kElements> taken{};
  const auto take = [&](std::optional<int> element) {
    if (element.has_value()) ++taken[static_cast<std::size_t>(*element)];
  };
  std::thread thief([&] {
    for (int i = 0; i < 2; ++i) take(queue.steal());
  });
  for (int i = 0; i < static_cast<int>(kElements); i += 2) {
    queue.push(i);
    queue.push(i + 1);
    take(queue.pop());
  }
  for (std::size_t i = 0; i < kElements / 2; ++i) take(queue.pop());
  thief.join();
  for (const int times : taken) {
    if (times != 1) return false;
  }
  return true;
}

}  // namespace ums::test
