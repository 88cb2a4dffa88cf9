// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/kernel_loop.h"

#include <sys/epoll.h>
#include <sys/resource.h>

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
#include "sim_kernel/ums/published.h"

namespace ums::kernel {

namespace {

constexpr std::size_t kEventsAtOnce = 64;

int epoll = -1;
EventWatch watch;

EventSource& source_of(const epoll_event& event) noexcept {
  return *static_cast<EventSource*>(event.data.ptr);
}

void handle(const epoll_event* event, const epoll_event* end) noexcept {
  for (; event != end; ++event) {
    source_of(*event).on_event(event->events);
    run_calls();
  }
}

bool control(int operation, int descriptor, std::uint32_t events, EventSource& source) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  return epoll_ctl(epoll, operation, descriptor, &event) == 0;
}

// Sees to all that has ended, however much that is, and then to those who ask, if `asks_too`.
void look(int timeout, bool asks_too) noexcept {
  std::array<epoll_event, kEventsAtOnce> events;
  for (bool all = false; !all; timeout = 0) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), timeout);
    epoll_event* const end = events.data() + std::max(count, 0);
    epoll_event* const asks = std::partition(events.data(), end, [](const epoll_event& event) {
      return source_of(event).kind == EventSource::Kind::kEnds;
    });
    all = end != events.data() + events.size() || asks == events.data();
    handle(events.data(), asks);
    if (all && asks_too) handle(asks, end);
  }
}

}  // namespace

bool watch_events(int descriptor, std::uint32_t events, EventSource& source) noexcept {
  return control(EPOLL_CTL_ADD, descriptor, events, source);
}

void change_events(int descriptor, std::uint32_t events, EventSource& source) noexcept {
  control(EPOLL_CTL_MOD, descriptor, events, source);
}

void forget_events(int descriptor) noexcept {
  epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nullptr);
}

int kernel_loop_start() noexcept {
  raise_descriptor_limit();
  init_kernel();
  if (current_task() == nullptr) return ENOMEM;
  const long made = raw_syscall(SYS_epoll_create1, EPOLL_CLOEXEC);
  if (made < 0) return static_cast<int>(-made);
  epoll = static_cast<int>(made);
  return exec_watch_init();
}

void look_at_ends() noexcept { look(0, false); }

// While there is one listener, this waits in it, and the watch for everything else.
void kernel_loop_turn() noexcept {
  Listener* const listener = Listener::only_one();
  if (listener == nullptr || !(watch.has_started() || watch.start(epoll))) {
    watch.pause();
    return look(-1, true);
  }
  if (!watch.has_seen()) {
    listener->be_watched(false);
    watch.go_on();
    if (listener->serve_one()) return run_calls();
  }
  look(0, true);
  watch.go_on();
}

bool kernel_is_used() noexcept {
  return any_process() || any_file() || any_stand_in() || any_working_folder();
}

void kernel_loop_stop() noexcept {
  publish_stop();
  exec_watch_exit();
  raw_syscall(SYS_close, epoll);
}

}  // namespace ums::kernel
