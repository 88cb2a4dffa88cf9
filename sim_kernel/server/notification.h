// SPDX-License-Identifier: Apache-2.0
//
// What the kernel process does with a system call of a program: decides whether it is about us, and
// who answers it (Linux: the system call table).
//
//     ioctl                          on a file of ours: a call (call.h); else Linux
//     fcntl F_GETFL, F_SETFL         on a file of ours: the flags that the device would show
//     open, openat, openat2, creat   of what is ours (path_walk.h): a new file; else Linux
//     stat, chdir, getdents64, ...   of what is ours (path_call.h): as Linux's /proc; else Linux
//     rt_sigreturn                   perhaps an answer was lost (lost_answer.h); then Linux
//     execve, execveat               as before; did it happen? (exec_watch.h)
//     exit                           the thread's roles end first; then Linux
//
// Not exit_group: a signal that came before the answer would let it return, which the C library
// does not survive.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <linux/seccomp.h>

namespace ums::kernel {

class Listener;

void handle_notification(Listener& listener, const seccomp_notif& notification) noexcept;

}  // namespace ums::kernel
