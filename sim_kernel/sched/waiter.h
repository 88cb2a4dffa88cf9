// SPDX-License-Identifier: Apache-2.0
//
// Waiter: a task's place in a WaitQueue (Linux: wait_queue_entry). See wait_queue.h.
//
// It is a part of its Task, not of the stack of the call that sleeps: a signal handler may leave
// that call, and the queue must not hold what comes to lie on that stack.
//
// Thread safety: guarded by the lock of the queue's object, but for `woken`, which the sleeper
// reads, and `mark`, `held` and `put`, which are the task's own.
#pragma once

#include <atomic>
#include <boost/intrusive/list_hook.hpp>
#include <cstdint>

namespace ums::kernel {

class WaitQueue;

struct Waiter {
  boost::intrusive::list_member_hook<> hook;
  std::atomic<std::uint32_t> woken{0};  // written under the lock; the futex word of the sleeper
  WaitQueue* queue = nullptr;           // constant while it waits, as the next two
  void* lock = nullptr;
  void (*leave)(Waiter& waiter) noexcept = nullptr;  // takes the lock and leaves the queue
  const volatile std::uint64_t* mark = nullptr;      // a word in the frame that sleeps
  void* held = nullptr;                              // an object that the call keeps meanwhile
  void (*put)(void* held) noexcept = nullptr;        // gives it back
};

}  // namespace ums::kernel
