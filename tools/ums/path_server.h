// SPDX-License-Identifier: Apache-2.0
//
// PathServer: what the kernel process does for programs that have kernels of their own
// (`ums run --machine parallel`, `ums explore`): it shows them /proc/ums by its path, with the
// kernels of the program and all that it starts. Where Linux or another `ums run` forbids that, the
// program runs without.
//
// Thread safety: as KernelBody.
#pragma once

#include <optional>
#include <string>

#include "tools/ums/front.h"
#include "tools/ums/listener_pipe.h"

namespace ums::command {

// Why a program cannot be shown /proc/ums here, in words; empty if it can. Tries it in a child
// process, which takes some milliseconds.
std::string path_fault();

class PathServer final : public KernelBody {
 public:
  PathServer() = default;
  // `can_serve`: whether path_fault() is empty, for who starts many.
  explicit PathServer(bool can_serve) : can_serve_(can_serve) {}

  // The program is simulated, and called `name`: says if it waits in what is not controlled.
  void tell_if_stuck(const std::string& name) { simulated_ = name; }

  void prepare() override;
  void in_program() override;
  void watch(ProgramWatch& watch) override;
  void serve(WatchedProgram& program) override;

 private:
  ListenerPipe pipe_;
  std::string simulated_;          // what a simulated program is called
  std::optional<bool> can_serve_;  // empty until it is known
};

}  // namespace ums::command
