// SPDX-License-Identifier: Apache-2.0
//
// preloading: what has to be in the environment of a program so that the dynamic linker loads the
// parallel or the simulated machine into it.
//
// Thread safety: one thread.
#pragma once

#include <string>

namespace ums::command {

// Sets the environment of this process. Throws std::runtime_error with the reason why the library
// cannot be loaded into the program called `name`.
void preload_machine(const std::string& machine, const std::string& name);

}  // namespace ums::command
