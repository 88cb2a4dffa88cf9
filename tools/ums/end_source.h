// SPDX-License-Identifier: Apache-2.0
//
// EndSource: the end of a process, in the kernel loop.
//
//     EndSource end(pidfd);
//     while (!end.has_come()) kernel_loop_turn();
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include "sim_kernel/server/event_source.h"

namespace ums::command {

class EndSource final : public kernel::EventSource {
 public:
  // `pidfd` stays open. Throws std::system_error.
  explicit EndSource(int pidfd);

  bool has_come() const { return has_come_; }

 private:
  void on_event(std::uint32_t events) noexcept override;

  const int pidfd_;
  bool has_come_ = false;
};

}  // namespace ums::command
