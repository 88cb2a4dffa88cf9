// SPDX-License-Identifier: Apache-2.0
//
// EventWatch: a thread that waits for events while the kernel loop waits in a listener, and calls
// it out of there by a signal. So a call costs no epoll_wait(2).
//
//     watch.go_on();                   // it watches
//     ioctl(listener, RECV, ...)       // EINTR if it has seen something
//     if (watch.has_seen()) ...        // look; then go_on() again
//
// The signal may come just before the system call that it shall interrupt. It is therefore sent
// again each millisecond until the kernel loop goes on.
//
// Every other system call of the kernel loop may be interrupted too. One that must not be is made
// with all signals blocked.
//
// Thread safety: the kernel loop's thread; the watch has one of its own, which touches nothing else
// of the kernel.
#pragma once

#include <sys/types.h>

#include <atomic>

namespace ums::kernel {

class EventWatch {
 public:
  // Once, by the thread that is to be called. Watches the epoll instance from the first go_on() on,
  // until the process ends. False: no thread can be made.
  bool start(int epoll) noexcept;

  bool has_started() const noexcept { return epoll_ >= 0; }

  // Whether there is something to look at. It watches no longer.
  bool has_seen() const noexcept { return state_.load(std::memory_order_acquire) == kSeen; }

  // Watches from now on.
  void go_on() noexcept {
    if (state_.load(std::memory_order_relaxed) != kWatching) set(kWatching);
  }

  // Leaves the watching to the kernel loop.
  void pause() noexcept {
    if (state_.load(std::memory_order_relaxed) != kPaused) set(kPaused);
  }

 private:
  enum State : int { kWatching, kSeen, kPaused };

  static void* run(void* self) noexcept;
  void call_until_looked_at() noexcept;
  void set(State state) noexcept;

  std::atomic<int> state_{kPaused};  // a futex
  int epoll_ = -1;
  pid_t loop_ = 0;  // the kernel loop's thread
};

}  // namespace ums::kernel
