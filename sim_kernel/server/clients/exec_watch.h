// SPDX-License-Identifier: Apache-2.0
//
// Execs in the middle: a process that executes another program loses all its threads but the one
// that does, which goes on as its leader, in another image. Nobody tells the kernel process; it is
// told that an exec is wanted, and later looks whether it happened.
//
//     exec_begins(tid)   a thread has called execve(2) or execveat(2), and Linux is to perform it
//     exec_look(tid)     a thread has called something: ends what execs have ended meanwhile
//
// What is looked at: /proc/PID/mem, opened before, ends (reads 0 bytes) when the old image is gone.
// The image of a process that shares its memory (a child of vfork) stays, but its addresses in
// /proc/PID/stat become others, and the mark of a process that has not executed yet goes away.
//
// 1. An exec that has happened ends the calls and roles of all threads of its process before a call
//    of the new image is looked at; also if no such call comes, within about a second.
// 2. An exec that fails changes nothing. It is forgotten when its thread makes its next call.
// 3. Open files stay what they are: Linux closes those with O_CLOEXEC.
//
// LIMIT: without a free descriptor it cannot be seen whether an exec happens. The roles of its
// process then end with it.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <sys/types.h>

namespace ums::kernel {

struct Process;

// Returns 0 or the errno: EMFILE, ENFILE, ENOMEM.
int exec_watch_init() noexcept;
void exec_watch_exit() noexcept;

void exec_begins(pid_t tid) noexcept;
void exec_look(pid_t tid) noexcept;

// `process` goes away.
void exec_forget(const Process& process) noexcept;

}  // namespace ums::kernel
