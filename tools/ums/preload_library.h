// SPDX-License-Identifier: Apache-2.0
//
// preload_library: where the library is that `ums run` loads into a program for the parallel or the
// simulated machine: at the same place relative to this program, in a build tree and wherever the
// project is installed.
//
// Thread safety: any thread.
#pragma once

#include <string>

namespace ums::command {

// The library's absolute path, whether it is there or not. Throws std::filesystem::filesystem_error
// where /proc cannot be read.
std::string preload_library(const std::string& machine);

// Why that path cannot stand in LD_PRELOAD; empty if it can.
std::string why_not_usable(const std::string& library);

}  // namespace ums::command
