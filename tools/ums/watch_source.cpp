// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/watch_source.h"

#include <sys/epoll.h>

#include <cerrno>
#include <system_error>

namespace ums::command {

WatchSource::WatchSource(ProgramWatch& watch, int descriptor, void (ProgramWatch::*handler)())
    : EventSource(Kind::kAsks), watch_(watch), descriptor_(descriptor), handler_(handler) {
  if (!kernel::watch_events(descriptor, EPOLLIN, *this)) {
    throw std::system_error(errno, std::generic_category(), "cannot watch the program");
  }
}

void WatchSource::on_event(std::uint32_t /*events*/) noexcept {
  (watch_.*handler_)();
  if (watch_.front_fd() < 0 && handler_ == &ProgramWatch::on_front) {
    kernel::forget_events(descriptor_);
  }
}

}  // namespace ums::command
