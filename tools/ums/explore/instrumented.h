// SPDX-License-Identifier: Apache-2.0
//
// is_instrumented: whether a program was compiled by -fsanitize=thread, so that the simulated
// machine sees its accesses of memory (ums_api/instrumented).
//
// Thread safety: any thread.
#pragma once

#include <string>

namespace ums::command {

// By the name of a function that such programs call, which is in the file. False also if it cannot
// be read.
bool is_instrumented(const std::string& program);

}  // namespace ums::command
