// SPDX-License-Identifier: Apache-2.0
//
// The descriptors of this command. What it opens for itself (base/descriptor.h) has O_CLOEXEC; what
// it inherited has not. So a program that is executed gets the inherited ones and no other, and
// `close_inherited` needs no list.
//
// Thread safety: one thread.
#pragma once

#include "sim_kernel/base/descriptor.h"

namespace ums::command {

using kernel::Descriptor;

// Opens /dev/null, to be closed by exec, in the place of those of descriptors 0, 1 and 2 that are
// closed: so none of our own descriptors gets such a number. Throws std::system_error.
void fill_standard_descriptors();

// Closes every descriptor that an executed program would inherit, but `kept` (or none: -1). Throws
// std::system_error where /proc cannot be read.
void close_inherited(int kept = -1);

}  // namespace ums::command
