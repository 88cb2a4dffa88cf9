// SPDX-License-Identifier: Apache-2.0
//
// Joining the kernel process of another `ums run`: what the watch process of front.h does then. A
// kernel process of its own has nothing to do.
//
// Linux lets a kernel process reach into its descendants. Of a program that joins it is none:
// where the Yama security module restricts ptrace(2) (kernel.yama.ptrace_scope=1), the program must
// allow it, by PR_SET_PTRACER.
// LIMIT: Linux keeps that for this process alone: not for its children, nor if another thread than
// its first executes a program. There they are out of reach then, and find no device.
//
// Thread safety: one thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "tools/ums/kernel_name.h"
#include "tools/ums/program_watch.h"

namespace ums::command {

// Of what is said over the connection: FrontMessage::kErrors and kJoin, and kFailed if that is not
// taken.
inline constexpr int kJoinVersion = 1;

// In the program, before it is executed: lets the kernel process reach into it.
void allow_kernel(pid_t kernel);

// What the system keeps from programs that join; empty if nothing.
std::string limit_of_joining();

// What the kernel process gets of a program.
struct JoiningProgram {
  std::string name;
  Descriptor errors;  // its standard error
  Descriptor listener;
};

// Hands it over, and watches the program until it and its descendants have ended. Throws
// std::exception if the kernel process ends before.
void serve_by_joining(const KernelName& name, JoiningProgram program, ProgramWatch& watch);

}  // namespace ums::command
