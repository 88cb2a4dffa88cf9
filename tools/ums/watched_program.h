// SPDX-License-Identifier: Apache-2.0
//
// WatchedProgram: what the kernel process K knows of its program P and of the process W that
// watches it (front.h).
//
//     poll: program.pidfd() readable        -> the program has ended
//           program.watch_pidfd() readable  -> nothing that descends from it is left
//     program.settle();
//
// Thread safety: one thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "tools/ums/descriptor.h"

namespace ums::command {

class WatchedProgram {
 public:
  // W is our child, `told` our end of the socket between us, and `front` the way to F.
  WatchedProgram(pid_t watch, Descriptor told, Descriptor front);

  // Waits until W has started P. False: it could not, and has said why.
  bool await_start();

  pid_t pid() const { return pid_; }
  int pidfd() const { return program_.get(); }
  int watch_pidfd() const { return watch_pidfd_.get(); }

  // Has F say something on the program's standard error, which K has not.
  void say(const std::string& text) const;

  // Waits until W has ended.
  void await_end() const;

  // To be called when W has ended, once or more: tells F if it was killed, and leaves F alone. Else
  // F would wait for a kernel process that goes on for others.
  void settle();

 private:
  const pid_t watch_;
  Descriptor told_;
  Descriptor front_;
  Descriptor watch_pidfd_;
  pid_t pid_ = -1;  // the program
  Descriptor program_;
};

}  // namespace ums::command
