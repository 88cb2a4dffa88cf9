// SPDX-License-Identifier: Apache-2.0
//
// EventSource: something that the kernel loop waits for, by a descriptor.
//
// Two kinds: what has ended (a process, the last descriptor of a file), and who asks (a listener).
// All that has ended is seen to before anybody who asks, and once more before a device is opened
// (look_at_ends): a program that closes a file and opens the device again finds the file gone.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <cstdint>

namespace ums::kernel {

class EventSource {
 public:
  enum class Kind : std::uint8_t { kEnds, kAsks };

  explicit EventSource(Kind source_kind) noexcept : kind(source_kind) {}

  // What epoll(7) has seen. The source may go away in it, and no other one of its kind.
  virtual void on_event(std::uint32_t events) noexcept = 0;

  const Kind kind;

 protected:
  ~EventSource() = default;
};

// Watches `descriptor` for `events` (EPOLLERR and EPOLLHUP always) until it is closed, which the
// owner does. Returns false if there is no memory.
bool watch_events(int descriptor, std::uint32_t events, EventSource& source) noexcept;

// Stops watching it.
void forget_events(int descriptor) noexcept;

// Sees to all sources of kind kEnds that have something to tell.
// Context: not in on_event of one of them.
void look_at_ends() noexcept;

}  // namespace ums::kernel
