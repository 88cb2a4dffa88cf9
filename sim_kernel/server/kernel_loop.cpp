// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/kernel_loop.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/init/init_kernel.h"
#include "sim_kernel/publish/publish.h"
#include "sim_kernel/sched/task.h"
#include "sim_kernel/server/call.h"
#include "sim_kernel/server/clients/exec_watch.h"
#include "sim_kernel/server/clients/process.h"
#include "sim_kernel/server/descriptor_budget.h"
#include "sim_kernel/server/event_source.h"
#include "sim_kernel/server/event_watch.h"
#include "sim_kernel/server/file_table.h"
#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/paths/stand_in.h"
#include "sim_kernel/server/paths/working_folder.h"
#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/ums/published.h"

namespace ums::kernel {

namespace {

constexpr std::size_t kEventsAtOnce = 64;

using Events = std::array<epoll_event, kEventsAtOnce>;

// Two epoll instances, one for each kind of sources. That for who asks has the other one in it.
int asks = -1;
int ends = -1;
EventWatch watch;

std::size_t wait_for(int epoll, Events& events, int timeout) noexcept {
  const int count = epoll_wait(epoll, events.data(), kEventsAtOnce, timeout);
  return static_cast<std::size_t>(std::max(count, 0));
}

void handle(const epoll_event& event) noexcept {
  static_cast<EventSource*>(event.data.ptr)->on_event(event.events);
  run_calls();
}

bool control(int epoll, int operation, int descriptor, std::uint32_t events,
             EventSource* source) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = source;
  return epoll_ctl(epoll, operation, descriptor, &event) == 0;
}

int epoll_for(const EventSource& source) noexcept {
  return source.kind == EventSource::Kind::kEnds ? ends : asks;
}

int make_epoll() noexcept {
  return static_cast<int>(raw_syscall(SYS_epoll_create1, EPOLL_CLOEXEC));
}

// Returns 0 or an errno.
int make_epolls() noexcept {
  asks = make_epoll();
  ends = make_epoll();
  if (asks < 0 || ends < 0) return asks < 0 ? -asks : -ends;
  return control(asks, EPOLL_CTL_ADD, ends, EPOLLIN, nullptr) ? 0 : ENOMEM;
}

// Sees to all that has ended, and then to who asks.
void look(int timeout) noexcept {
  Events events;
  const std::size_t count = wait_for(asks, events, timeout);
  look_at_ends();
  for (std::size_t i = 0; i < count; ++i) {
    if (events[i].data.ptr != nullptr) handle(events[i]);
  }
}

}  // namespace

bool watch_events(int descriptor, std::uint32_t events, EventSource& source) noexcept {
  return control(epoll_for(source), EPOLL_CTL_ADD, descriptor, events, &source);
}

void forget_events(int descriptor) noexcept {
  if (epoll_ctl(ends, EPOLL_CTL_DEL, descriptor, nullptr) == 0) return;
  epoll_ctl(asks, EPOLL_CTL_DEL, descriptor, nullptr);
}

namespace {

// glibc (2.35) registers an area of each thread in which Linux, whenever the thread goes on, says
// on which CPU. Nothing here reads it.
void leave_rseq() noexcept {
#if __has_include(<sys/rseq.h>)
  if (__rseq_size == 0) return;
  const void* const area = static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
  const long bytes = std::max<long>(__rseq_size, 32);  // the size counts what is in use
  raw_syscall(SYS_rseq, syscall_arg(area), bytes, RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
#endif
}

}  // namespace

int kernel_loop_start() noexcept {
  leave_rseq();
  raise_descriptor_limit();
  init_kernel();
  if (current_task() == nullptr) return ENOMEM;
  const int error = make_epolls();
  return error != 0 ? error : exec_watch_init();
}

void look_at_ends() noexcept {
  Events events;
  std::size_t count = 0;
  do {
    count = wait_for(ends, events, 0);
    std::for_each_n(events.begin(), count, handle);
  } while (count == events.size());
}

namespace {

// While there is one listener, this waits in it, and the watch for everything else.
void wait_and_serve() noexcept {
  Listener* const listener = Listener::only_one();
  if (listener == nullptr || !(watch.has_started() || watch.start(asks))) {
    watch.pause();
    return look(-1);
  }
  if (!watch.has_seen()) {
    listener->be_watched(false);
    watch.go_on();
    if (listener->serve_one()) return run_calls();
  }
  listener->be_watched(true);  // for the end of its programs
  look(0);
  watch.go_on();
}

}  // namespace

void kernel_loop_turn() noexcept {
  wait_and_serve();
  if ((current_or_null->exit_work.load(std::memory_order_relaxed) & kExitRcu) != 0) {
    rcu_do_callbacks();
  }
}

bool kernel_is_used() noexcept {
  return any_process() || any_file() || any_stand_in() || any_working_folder();
}

void kernel_loop_stop() noexcept {
  publish_stop();
  exec_watch_exit();
  raw_syscall(SYS_close, asks);
  raw_syscall(SYS_close, ends);
}

}  // namespace ums::kernel
