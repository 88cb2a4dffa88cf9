// SPDX-License-Identifier: Apache-2.0
//
// holder_of: for whom a task waits, for who explains why nobody can go on: the owner of a lock, the
// thread that is to end, the worker that a scheduler executes.
//
// Context: nothing else runs.
#pragma once

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

struct Holder {
  const Task* task = nullptr;  // null: for nobody in particular, as far as is known
  bool has_ended = false;      // with the lock
};

Holder holder_of(const Task& task) noexcept;

}  // namespace ums::kernel
