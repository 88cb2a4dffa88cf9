// SPDX-License-Identifier: Apache-2.0
//
// Names of system calls.
//
// Thread safety: any thread.
#pragma once

#include <string>

namespace ums::command {

// `openat`, or `system call 1000` for one that is not known.
std::string name_of_system_call(int number);

}  // namespace ums::command
