// SPDX-License-Identifier: Apache-2.0
//
// The two parts of a Task that belong to the machine which the kernel is built for:
//   TaskPlace    where the task runs, or how it is suspended: the beginning of every Task
//   MachineTask  what else the machine keeps, off the switch path
#pragma once

#if UMS_MACHINE_SERVER
#include "sim_kernel/server/machine_task.h"
#elif UMS_MACHINE_SIMULATED
#include "sim_kernel/simulated/machine_task.h"
#else
#include "sim_kernel/parallel/machine_task.h"
#endif
