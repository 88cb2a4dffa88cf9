// SPDX-License-Identifier: Apache-2.0
//
// What the module publishes of its objects and their tasks (publish/publish.h): where their members
// are, for readers in other processes.
//
// Thread safety: once, at start.
#pragma once

#include "sim_kernel/publish/state_file.h"

namespace ums::kernel {

// Where the members are in the objects of this kernel.
StateFields ums_state_fields() noexcept;

// Lets this process publish its kernel, which programs join by `name`, if it has one. What is made
// before, Tasks too, is not published. Context: before kernel_loop_start.
void ums_publish(KernelKind kind, const char* name = "") noexcept;

// Notes in the log, once, that nothing is published although it was allowed, and why.
void ums_publish_report() noexcept;

}  // namespace ums::kernel
