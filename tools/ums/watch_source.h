// SPDX-License-Identifier: Apache-2.0
//
// WatchSources: a ProgramWatch in the kernel loop.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include "sim_kernel/server/event_source.h"
#include "tools/ums/program_watch.h"

namespace ums::command {

// One of its descriptors.
class WatchSource final : public kernel::EventSource {
 public:
  // Throws std::system_error.
  WatchSource(ProgramWatch& watch, int descriptor, void (ProgramWatch::*handler)());

  void on_event(std::uint32_t events) noexcept override;

 private:
  ProgramWatch& watch_;
  const int descriptor_;
  void (ProgramWatch::*handler_)();
};

class WatchSources {
 public:
  // Throws std::system_error.
  explicit WatchSources(ProgramWatch& watch)
      : children_(watch, watch.children_fd(), &ProgramWatch::on_children),
        front_(watch, watch.front_fd(), &ProgramWatch::on_front) {}

 private:
  WatchSource children_;
  WatchSource front_;
};

}  // namespace ums::command
