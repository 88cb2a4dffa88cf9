// SPDX-License-Identifier: Apache-2.0
#include "ums_api/simulated/descriptors.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/simulated/races/happens_before.h"
#include "ums_api/simulated/current_simulated.h"

namespace ums::api {

namespace {

using kernel::raw_syscall;
using kernel::syscall_arg;
using kernel::Task;

const char all_descriptors = 0;  // its address is their name

// By a system call: it is asked of other tasks' stacks too, and is no cancellation point.
bool is_ready(void* argument) noexcept {
  pollfd look = *static_cast<const pollfd*>(argument);
  const timespec at_once = {0, 0};
  return raw_syscall(SYS_ppoll, syscall_arg(&look), 1, syscall_arg(&at_once), 0, 8) != 0;
}

}  // namespace

void descriptor_step(Task& me) {
  kernel::sched_point(me, kernel::EventKind::kDescriptor, &all_descriptors);
  act_on_cancellation();
}

void descriptors_tell_others(Task& me) noexcept { kernel::happens_before(me, &all_descriptors); }

bool is_blocking(int fd) noexcept {
  return (raw_syscall(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK) == 0;
}

bool is_stream(int fd) noexcept {
  int type = 0;
  socklen_t bytes = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) != 0 || type == SOCK_STREAM;
}

int await_outside(Task& me, const kernel::OutsideWait& wait, std::uint64_t deadline,
                  bool restarts) {
  while (!wait.look(wait.argument)) {
    const WaitResult result = wait_outside_at_point(me, wait, deadline);
    if (result == WaitResult::kTimedOut) return ETIMEDOUT;
    if (result == WaitResult::kWoken) continue;
    if (restarts ? is_cut_short(me) : has_handled_signal(me)) return EINTR;
  }
  kernel::happens_after(me, &all_descriptors);
  return 0;
}

int await_events(Task& me, int fd, short events) {
  pollfd wanted = {fd, events, 0};
  return await_outside(me, {is_ready, &wanted, &wanted, 1}, kernel::kNever, true);
}

bool await_descriptor(int fd, short events, Blocking blocking) {
  Task* const me = current_simulated();
  if (me == nullptr) return true;
  descriptor_step(*me);
  if (events == POLLOUT) descriptors_tell_others(*me);
  if (blocking == Blocking::kNever || !is_blocking(fd)) {
    kernel::happens_after(*me, &all_descriptors);
    return true;
  }
  const int error = await_events(*me, fd, events);
  if (error != 0) errno = error;
  return error == 0;
}

}  // namespace ums::api
