// SPDX-License-Identifier: Apache-2.0
//
// The file of `ums run --log FILE`, or --strace=FILE. A kernel opens it itself (UMS_LOG,
// UMS_STRACE) and goes on without one that it cannot write; who asks for it on the command line
// shall hear that before anything runs.
//
// Thread safety: any thread.
#pragma once

#include <string>

namespace ums::command {

// Makes `path` where it is not there. Returns its absolute path, for programs that change their
// folder. Throws std::system_error with `words`, which name the option, if it cannot be written.
std::string check_record(const std::string& words, const std::string& path);

}  // namespace ums::command
