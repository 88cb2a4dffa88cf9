// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/end_source.h"

#include <sys/epoll.h>

#include <cerrno>
#include <system_error>

namespace ums::command {

EndSource::EndSource(int pidfd) : EventSource(Kind::kAsks), pidfd_(pidfd) {
  if (!kernel::watch_events(pidfd, EPOLLIN, *this)) {
    throw std::system_error(errno, std::generic_category(), "cannot watch the program");
  }
}

void EndSource::on_event(std::uint32_t /*events*/) noexcept {
  has_come_ = true;
  kernel::forget_events(pidfd_);
}

}  // namespace ums::command
