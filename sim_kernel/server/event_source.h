// SPDX-License-Identifier: Apache-2.0
//
// EventSource: something that the kernel loop waits for, by a descriptor.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <cstdint>

namespace ums::kernel {

class EventSource {
 public:
  // What epoll(7) has seen. The source may go away in it.
  virtual void on_event(std::uint32_t events) noexcept = 0;

 protected:
  ~EventSource() = default;
};

// Watches `descriptor` for `events` (EPOLLERR and EPOLLHUP always) until it is closed, which the
// owner does. Returns false if there is no memory.
bool watch_events(int descriptor, std::uint32_t events, EventSource& source) noexcept;

// Stops watching it.
void forget_events(int descriptor) noexcept;

}  // namespace ums::kernel
