// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/kernel_loop.h"

#include <sys/epoll.h>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/init/init_kernel.h"
#include "sim_kernel/server/call.h"
#include "sim_kernel/server/event_source.h"
#include "sim_kernel/server/file_table.h"

namespace ums::kernel {

namespace {

int epoll = -1;

}  // namespace

bool watch_events(int descriptor, std::uint32_t events, EventSource& source) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void forget_events(int descriptor) noexcept {
  epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nullptr);
}

int kernel_loop_start() noexcept {
  init_kernel();
  const long made = raw_syscall(SYS_epoll_create1, EPOLL_CLOEXEC);
  if (made < 0) return static_cast<int>(-made);
  epoll = static_cast<int>(made);
  return file_table_init();
}

// One at a time: what an event leads to may take the sources of others away.
void kernel_loop_turn() noexcept {
  epoll_event event;
  if (epoll_wait(epoll, &event, 1, -1) != 1) return;
  static_cast<EventSource*>(event.data.ptr)->on_event(event.events);
  run_calls();
}

void kernel_loop_stop() noexcept {
  file_table_exit();
  raw_syscall(SYS_close, epoll);
}

}  // namespace ums::kernel
