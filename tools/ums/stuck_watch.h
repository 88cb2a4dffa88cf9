// SPDX-License-Identifier: Apache-2.0
//
// StuckWatch: says, once, that a simulated program has waited for long in a system call that the
// simulation does not control: all its threads wait with the one that has called. (`ums explore`
// has a limit of its own.)
//
// One kernel thread runs all threads of a simulated program, its first. Where the simulation waits
// itself, for something outside, that is in ppoll(2).
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <string>

#include "sim_kernel/server/event_source.h"
#include "tools/ums/descriptor.h"
#include "tools/ums/watched_program.h"

namespace ums::command {

class StuckWatch final : public kernel::EventSource {
 public:
  // `program` is called `name`. Throws std::system_error.
  StuckWatch(const WatchedProgram& program, std::string name);
  ~StuckWatch() { kernel::forget_events(timer_.get()); }
  StuckWatch(const StuckWatch&) = delete;
  StuckWatch& operator=(const StuckWatch&) = delete;

 private:
  void on_event(std::uint32_t events) noexcept override;
  void look();

  const WatchedProgram& program_;
  const std::string name_;
  Descriptor timer_;
  std::string last_;  // what the program's first thread did at the last look
};

}  // namespace ums::command
