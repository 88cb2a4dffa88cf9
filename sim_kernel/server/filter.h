// SPDX-License-Identifier: Apache-2.0
//
// The seccomp filter that sends a program's system calls to the kernel process (seccomp(2)).
//
// All ioctls are sent, or an unknown number on the device could not fail as it does there. 32-bit
// programs pass through the filter too; their calls are Linux's.
//
// It is no security boundary: see seccomp_unotify(2).
//
// Thread safety: the calling thread, and what it executes and forks.
#pragma once

namespace ums::kernel {

// Installs the filter for the calling thread, which may gain no privileges from then on
// (PR_SET_NO_NEW_PRIVS). Returns the listener, for a Listener in the kernel process, or -errno:
// EBUSY: there is one already; a process has one listener at most. ENOSYS, EINVAL: Linux cannot.
int install_filter() noexcept;

// The same for a program whose device is elsewhere, and of whose calls only those about files are
// sent (mirrored_tree.h).
int install_path_filter() noexcept;

}  // namespace ums::kernel
