// SPDX-License-Identifier: Apache-2.0
//
// PathServer: what the kernel process does for programs that have kernels of their own
// (`ums run --machine parallel`): it shows them /proc/ums by its path, with the kernels of the
// program and all that it starts. Where Linux or another `ums run` forbids that, the program runs
// without.
//
// Thread safety: as KernelBody.
#pragma once

#include "tools/ums/front.h"
#include "tools/ums/listener_pipe.h"

namespace ums::command {

class PathServer final : public KernelBody {
 public:
  void prepare() override;
  void in_program() override;
  void serve(ProgramWatch& watch) override;

 private:
  ListenerPipe pipe_;
  bool can_serve_ = true;
};

}  // namespace ums::command
