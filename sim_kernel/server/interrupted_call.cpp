// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/interrupted_call.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <climits>

#include "sim_kernel/server/clients/client_memory.h"
#include "sim_kernel/server/paths/path_call.h"
#include "sim_kernel/server/paths/path_walk.h"
#include "sim_kernel/ums/ioctl.h"

namespace ums::kernel {

namespace {

// The last of these calls that was heard of.
struct Heard {
  pid_t tid = 0;
  seccomp_data call{};
  Listener::Outcome outcome{};
};

// By thread; a thread may find another's in its place.
constinit std::array<Heard, 256> heard{};

Heard& heard_of(pid_t tid) noexcept { return heard[static_cast<unsigned>(tid) % heard.size()]; }

bool is_open(long number) noexcept {
#ifdef SYS_open
  if (number == SYS_open || number == SYS_creat) return true;
#endif
  return number == SYS_openat || number == SYS_openat2;
}

// Whether a call is one of these. `second`: its second argument.
bool is_one(long number, std::uint64_t second) noexcept {
  if (number == SYS_ioctl) return !is_ums_ioctl(static_cast<std::uint32_t>(second));
  if (number == SYS_fcntl) return second == F_GETFL || second == F_SETFL;
  if (number == SYS_execve || is_open(number)) return true;
  const auto numbers = path_call_numbers();
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

// Whether an open finds a file or a folder, where it does not wait.
bool opens_at_once(const SignalFrame& frame, long number) noexcept {
  const bool has_folder = number == SYS_openat || number == SYS_openat2;
  const int folder = has_folder ? static_cast<int>(frame.argument(0)) : AT_FDCWD;
  char path[PATH_MAX];
  if (read_client_string(frame.tid(), path, frame.argument(has_folder ? 1 : 0), sizeof path) <= 0) {
    return false;
  }
  const Place place = walk_path_for_us(frame.tid(), folder, path, true);
  if (place.kind != Place::Kind::kHost) return place.is_ours();
  const mode_t mode = host_status(place.host.get(), "").mode;
  return S_ISREG(mode) || S_ISDIR(mode);
}

// isatty(3), of glibc and of musl.
bool is_at_once(std::uint64_t request) noexcept {
  return request == TCGETS || request == TIOCGWINSZ;
}

// Whether the call that the signal came in may be one that Linux performs, and that waits.
bool may_wait(const Heard& last, const SignalFrame& frame, long number) noexcept {
  const bool is_known = last.tid == frame.tid();
  const bool is_last = last.call.nr == number && last.outcome == Listener::Outcome::kPassedOn;
  if (is_known && !is_last) return false;
  if (number == SYS_ioctl) return !is_at_once(frame.argument(1));
  return is_open(number) && !opens_at_once(frame, number);
}

}  // namespace

void note_call(const Listener& listener, const seccomp_notif& notification) noexcept {
  if (!is_one(notification.data.nr, notification.data.args[1])) return;
  const auto tid = static_cast<pid_t>(notification.pid);
  heard_of(tid) = {tid, notification.data, listener.outcome()};
}

void repeat_if_interrupted(const SignalFrame& frame) noexcept {
  if (!frame.is_in_failed_call()) return;
  const Heard& last = heard_of(frame.tid());
  if (last.tid == frame.tid() && last.outcome == Listener::Outcome::kRefused &&
      frame.is_in(last.call)) {
    return frame.repeat(last.call.nr, last.call.args[0]);
  }
  const long number = frame.number_of_call();
  if (number == SYS_rt_sigreturn) return frame.repeat(number, frame.argument(0));
  if (number < 0 || !is_one(number, frame.argument(1))) return;
  if (!may_wait(last, frame, number)) frame.repeat(number, frame.argument(0));
}

}  // namespace ums::kernel
