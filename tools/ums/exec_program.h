// SPDX-License-Identifier: Apache-2.0
//
// exec_program: the last step of `ums run`: this process becomes the program, or says why not, as
// env(1) does.
//
// Thread safety: one thread.
#pragma once

#include <string>
#include <vector>

namespace ums::command {

// Exit statuses of `ums run` that are not the program's.
inline constexpr int kFailedItself = 125;
inline constexpr int kNotExecutable = 126;
inline constexpr int kNotFound = 127;

// `ums run: text`, to standard error, even where that is closed.
void complain(const std::string& text);

// Executes `command`, looked up in PATH. Returns only if it cannot: the exit status, after it has
// said why. `command` is not empty.
int exec_program(const std::vector<std::string>& command);

}  // namespace ums::command
