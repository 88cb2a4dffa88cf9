// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/stuck_watch.h"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include "tools/ums/system_call_name.h"

namespace ums::command {
namespace {

constexpr time_t kSecondsBetweenLooks = 2;

// The call, its arguments and where the thread is; or that it runs (proc_pid_syscall(5)).
std::string what_it_does(pid_t thread) {
  std::ifstream file(fmt::format("/proc/{}/syscall", thread));
  std::string line;
  std::getline(file, line);
  return line;
}

// -1: none that matters.
int uncontrolled_call(const std::string& what) {
  if (what.empty() || what[0] < '0' || what[0] > '9') return -1;
  const int call = std::atoi(what.c_str());
  return call == SYS_ppoll ? -1 : call;
}

}  // namespace

StuckWatch::StuckWatch(const WatchedProgram& program, std::string name)
    : EventSource(Kind::kAsks),
      program_(program),
      name_(std::move(name)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  const itimerspec period = {{kSecondsBetweenLooks, 0}, {kSecondsBetweenLooks, 0}};
  if (!timer_ || timerfd_settime(timer_.get(), 0, &period, nullptr) != 0 ||
      !kernel::watch_events(timer_.get(), EPOLLIN, *this)) {
    throw std::system_error(errno, std::generic_category(), "cannot set a timer");
  }
}

void StuckWatch::on_event(std::uint32_t /*events*/) noexcept {
  std::uint64_t times = 0;
  if (read(timer_.get(), &times, sizeof times) != sizeof times) return;
  try {
    look();
  } catch (const std::bad_alloc&) {  // it says so later
  }
}

// The same call at two looks.
void StuckWatch::look() {
  std::string what = what_it_does(program_.pid());
  const int call = uncontrolled_call(what);
  if (call >= 0 && what == last_) {
    program_.say(
        fmt::format("'{}' waits in {}, which the simulation does not control: all its threads "
                    "wait with the one that called it",
                    name_, name_of_system_call(call)));
    kernel::forget_events(timer_.get());
  }
  last_ = std::move(what);
}

}  // namespace ums::command
