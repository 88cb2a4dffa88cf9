// SPDX-License-Identifier: Apache-2.0
//
// The file of `ums run --log FILE`. The kernel opens it itself (UMS_LOG) and goes on without one
// that it cannot write; who asks for it on the command line shall hear that before anything runs.
//
// Thread safety: any thread.
#pragma once

#include <string>

namespace ums::command {

// Makes `path` where it is not there. Returns its absolute path, for programs that change their
// folder. Throws std::system_error if it cannot be written.
std::string check_log(const std::string& path);

}  // namespace ums::command
