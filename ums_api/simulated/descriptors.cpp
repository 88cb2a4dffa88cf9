// SPDX-License-Identifier: Apache-2.0
#include "ums_api/simulated/descriptors.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/simulated/races/happens_before.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/virtual_clock.h"

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

// By a system call: errno is the program's.
std::uint64_t socket_deadline(int fd, short events) noexcept {
  timeval limit = {0, 0};
  socklen_t bytes = sizeof limit;
  const int option = events == POLLOUT ? SO_SNDTIMEO : SO_RCVTIMEO;
  const long error =
      raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, option, syscall_arg(&limit), syscall_arg(&bytes));
  if (error != 0 || (limit.tv_sec == 0 && limit.tv_usec == 0)) return kernel::kNever;
  return deadline_after({limit.tv_sec, limit.tv_usec * 1000});
}

// LINUX: a handler with SA_RESTART too ends a call that has a limit (signal(7)). SIM: the same.
int await_events(Task& me, int fd, short events) {
  pollfd wanted = {fd, events, 0};
  if (is_ready(&wanted)) {
    kernel::happens_after(me, &all_descriptors);
    return 0;
  }
  const std::uint64_t deadline = socket_deadline(fd, events);
  const bool restarts = deadline == kernel::kNever;
  const int error = await_outside(me, {is_ready, &wanted, &wanted, 1}, deadline, restarts);
  return error == ETIMEDOUT ? EAGAIN : error;
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
