// SPDX-License-Identifier: Apache-2.0
//
// current_simulated: the calling thread as a task of the simulation, or null: it is none, or the
// kernel calls, and the C library's functions serve it.
//
// Thread safety: any thread; not on a park stack.
#pragma once

#include "sim_kernel/simulated/simulation.h"

namespace ums::api {

inline kernel::Task* current_simulated() noexcept {
  kernel::Task* const task = kernel::current_or_null;
  if (task == nullptr || !kernel::is_simulated(*task)) return nullptr;
  return task->syscall_file.load(std::memory_order_relaxed) == nullptr ? task : nullptr;
}

}  // namespace ums::api
