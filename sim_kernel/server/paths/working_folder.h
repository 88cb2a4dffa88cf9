// SPDX-License-Identifier: Apache-2.0
//
// WorkingFolder: the working directory of a process, where Linux cannot keep it: in /proc/ums, or
// where a relative path has led from there.
//
// Linux keeps a directory of the host for the process meanwhile. Paths are resolved from here
// instead (path_walk.h); it survives exec, and children inherit it.
//
// A child is met at its first call. So what its parent had at the fork is found out in time:
// 1. Before the folder of a process changes, its children that were not met yet are given the
//    folder of this moment.
// 2. A process that is met gets the folder of its parent, or of the next one above it that was met.
//
// LIMIT: a child that was not met when its parent ended has Linux's. Threads that do not share
// their working directory (CLONE_FS) share this one.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include "procfs_emul/proc_path.h"
#include "sim_kernel/base/result.h"
#include "sim_kernel/server/paths/host_fd.h"

namespace ums::kernel {

// In the tree, or, where `host` is open, that folder of the host.
struct WorkingFolder {
  ProcPath path;
  HostFd host;
};

// That of the process of thread `tid`; null: Linux's.
const WorkingFolder* working_folder_of(pid_t tid) noexcept;

// Changes it. Errors: ENOMEM; ENFILE; ESRCH: the process is gone.
Result<void> working_folder_set(pid_t tid, WorkingFolder folder) noexcept;

// It is Linux's from now on.
void working_folder_forget(pid_t tid) noexcept;

// Whether a process lives that was met.
bool any_working_folder() noexcept;

}  // namespace ums::kernel
