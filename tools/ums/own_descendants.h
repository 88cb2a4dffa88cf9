// SPDX-License-Identifier: Apache-2.0
//
// Which processes are those of a run: its kernel process and all that descend from it. Its child,
// the watch process, is the subreaper of the others, so that none gets another ancestor.
//
// Thread safety: any thread.
#pragma once

#include <sys/types.h>

#include "sim_kernel/server/clients/thread_status.h"

namespace ums::command {

// Whether `pid` is `ancestor`, or descends from it.
inline bool descends_from(pid_t pid, pid_t ancestor) {
  while (pid > 1 && pid != ancestor) pid = kernel::parent_of_process(pid);
  return pid == ancestor;
}

}  // namespace ums::command
