// SPDX-License-Identifier: Apache-2.0
//
// The functions of ums/ums_sim.h: the machine knows what to do.
#include <ums/ums_sim.h>

#include "sim_kernel/sched/schedule.h"
#include "ums_api/src/export.h"

using ums::kernel::current_or_null;

UMS_EXPORT void ums_sim_point() {
  if (current_or_null != nullptr) ums::kernel::pass_point(*current_or_null);
}

UMS_EXPORT void ums_sim_compute(unsigned long long nanoseconds) {
  if (current_or_null != nullptr) ums::kernel::compute(*current_or_null, nanoseconds);
}
