// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/event_watch.h"

#include <linux/close_range.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/epoll.h>

#include <csignal>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

namespace {

constexpr int kSignal = SIGURG;  // of no effect where nobody handles it

// Without SA_RESTART: system calls are to end.
void handle_signal() noexcept {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(kSignal, &action, nullptr);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, kSignal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

// A descriptor table of this thread's own. Of one that threads share, Linux counts the users of a
// file at each system call.
void keep_only(int descriptor) noexcept {
  const bool is_own = raw_syscall(SYS_close_range, descriptor + 1, ~0U, CLOSE_RANGE_UNSHARE) == 0;
  if (is_own && descriptor > 0) raw_syscall(SYS_close_range, 0, descriptor - 1, 0);
}

}  // namespace

bool EventWatch::start(int epoll) noexcept {
  handle_signal();
  epoll_ = epoll;
  loop_ = static_cast<pid_t>(raw_syscall(SYS_gettid));
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const bool started = pthread_create(&thread, nullptr, run, this) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (started) pthread_detach(thread);
  if (!started) epoll_ = -1;
  return started;
}

void* EventWatch::run(void* self) noexcept {
  auto& watch = *static_cast<EventWatch*>(self);
  keep_only(watch.epoll_);
  for (;;) {
    watch.call_until_looked_at();
    epoll_event event;
    if (epoll_wait(watch.epoll_, &event, 1, -1) <= 0) continue;
    int watching = kWatching;
    watch.state_.compare_exchange_strong(watching, kSeen, std::memory_order_release);
  }
}

void EventWatch::call_until_looked_at() noexcept {
  const long process = raw_syscall(SYS_getpid);
  const timespec millisecond = {0, 1'000'000};
  for (int state; (state = state_.load(std::memory_order_acquire)) != kWatching;) {
    if (state == kSeen) raw_syscall(SYS_tgkill, process, loop_, kSignal);
    raw_syscall(SYS_futex, syscall_arg(&state_), FUTEX_WAIT_PRIVATE, state,
                syscall_arg(state == kSeen ? &millisecond : nullptr));
  }
}

void EventWatch::set(State state) noexcept {
  state_.store(state, std::memory_order_release);
  raw_syscall(SYS_futex, syscall_arg(&state_), FUTEX_WAKE_PRIVATE, 1);
}

}  // namespace ums::kernel
