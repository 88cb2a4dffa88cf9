// SPDX-License-Identifier: Apache-2.0
//
// EventQueue: what happened to a scheduler's workers, first in first out, until it asks.
//
// Every EXEC ends in exactly one event: the worker yielded or ended. EXEC therefore reserves the
// room beforehand, where a failure can still be reported, and adding an event never allocates.
//
// Invariants:
// 1. size() plus the reserved slot never exceed the capacity, a power of two.
// 2. Events are whole `ums_sched_event`s with zero padding, ready to be copied out.
//
// Thread safety: none needed, and no lock. A queue is touched by its scheduler's thread, or by the
// worker that runs in its place; the one sleeps in EXEC while the other runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim_kernel/base/result.h"
#include "ums/ums_ioctl.h"

namespace ums::kernel {

class EventQueue {
 public:
  EventQueue() noexcept = default;
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // Makes room for one more event. Errors: ENOMEM, and nothing has changed.
  Result<void> reserve() noexcept {
    if (head_ - tail_ < capacity_) [[likely]] {
      return {};
    }
    return grow();
  }

  // Adds an event at the tail. Needs a reserve() before.
  void push_startup() noexcept { slot() = {}; }
  void push_yield(pid_t worker, void* params) noexcept {
    ums_sched_event& event = slot();
    event = {};
    event.type = THREAD_YIELD;
    event.yield_params.context = worker;
    event.yield_params.scheduler_params = params;
  }
  void push_terminated(pid_t worker) noexcept {
    ums_sched_event& event = slot();
    event = {};
    event.type = THREAD_TERMINATED;
    event.end_params.context = worker;
  }

  bool empty() const noexcept { return head_ == tail_; }
  std::size_t size() const noexcept { return head_ - tail_; }

  // The oldest event. It stays until pop(), so that a copy that fails loses nothing.
  const ums_sched_event& front() const noexcept { return slots_[tail_ & (capacity_ - 1)]; }
  void pop() noexcept { ++tail_; }

 private:
  Result<void> grow() noexcept;
  ums_sched_event& slot() noexcept {
    kassert(head_ - tail_ < capacity_, "{} events, no room was reserved", size());
    return slots_[head_++ & (capacity_ - 1)];
  }

  ums_sched_event* slots_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t head_ = 0;  // where the next event goes
  std::uint32_t tail_ = 0;  // the oldest
};

}  // namespace ums::kernel
