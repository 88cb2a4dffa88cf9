// SPDX-License-Identifier: Apache-2.0
//
// What the parallel machine keeps of a Task.
#pragma once

#include "sim_kernel/parallel/captured_task.h"

namespace ums::kernel {

struct MachineTask : CapturedTask {};

}  // namespace ums::kernel
