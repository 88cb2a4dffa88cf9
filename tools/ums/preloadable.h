// SPDX-License-Identifier: Apache-2.0
//
// preloadable: whether the dynamic linker would load a library of ours into a program (LD_PRELOAD).
// It does so without a word if it can, and ignores us without a word if it cannot; so we look
// first.
//
//     const std::string reason = why_not_preloadable(find_program("prog"));
//     if (!reason.empty()) complain(reason);
//
// 1. A script is as its interpreter is; what a program or script executes later is not looked at.
// 2. What cannot be read or executed has no reason here: execve says it better.
//
// Thread safety: any thread.
#pragma once

#include <string>

namespace ums::command {

// The file that execvp would execute for `name`; empty if there is none.
std::string find_program(const std::string& name);

// Why a library cannot be preloaded into the program in file `path`, as the end of a sentence that
// begins with its name; empty if it can.
std::string why_not_preloadable(const std::string& path);

}  // namespace ums::command
