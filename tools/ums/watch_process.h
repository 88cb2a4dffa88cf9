// SPDX-License-Identifier: Apache-2.0
//
// watch_process: the watch process W of front.h, from its fork to its end: it starts the program,
// leaves the program's session, and watches.
//
// Thread safety: one thread.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "tools/ums/program_watch.h"

namespace ums::command {

class KernelBody;

// The kernel process's side of W.
struct WatchParent {
  pid_t kernel;
  Descriptor told;  // a socket: takes the signals that K has missed, and tells of the program
};

// What F inherited, and P gets.
struct InheritedSignals {
  sigset_t mask;
  struct sigaction on_child;  // for SIGCHLD
};

// In K, right after the fork of W: passes on the signals to the process group that came before.
void send_missed_signals(int told);

// Runs in the forked child. Returns W's exit status.
int watch_process(const std::vector<std::string>& command, KernelBody& body, FrontEnd front,
                  WatchParent parent, const InheritedSignals& inherited);

}  // namespace ums::command
