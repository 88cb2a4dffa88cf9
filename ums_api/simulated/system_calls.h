// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ums::api {

// Answers syscall(2) for a task of the simulation, as answer_system_call does (preload_hooks.h): a
// result or -errno. False: it is Linux's. One that may block and is not controlled is named.
bool answer_simulated_call(long number, const long (&arguments)[6], long& result);

}  // namespace ums::api
