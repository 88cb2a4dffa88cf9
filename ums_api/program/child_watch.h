// SPDX-License-Identifier: Apache-2.0
//
// watch_child: waits until an execution's process has ended, and ends it where it makes no step for
// too long: it computes without end, or waits in a system call that the simulation does not answer.
//
// Thread safety: one thread, the parent.
#pragma once

#include <sys/types.h>

#include <string>

#include "ums_api/program/program_execution.h"

namespace ums::api {

// Asks a process that hangs to note where, and to end.
inline constexpr int kTellSignal = 16;  // SIGSTKFLT, which Linux never sends

struct ChildEnd {
  int status = 0;    // as waitpid tells
  std::string hung;  // what it did meanwhile: `running`, or the number of a system call

  // `exit 3`, `signal 6`, `hung running`
  std::string text() const;
};

// `patience_ms`: how long it may make no step.
ChildEnd watch_child(pid_t child, const ProgramExecution& execution, int patience_ms);

}  // namespace ums::api
