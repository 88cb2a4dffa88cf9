// SPDX-License-Identifier: Apache-2.0
//
// role_of: what a task that waits inside a call of the device is to the UMS module, for who
// explains why nobody can go on.
//
// Context: nothing else runs.
#pragma once

#include <cstdint>

#include "sim_kernel/sched/task.h"

namespace ums::kernel {

struct Role {
  enum class Kind : std::uint8_t {
    kNone,
    kListed,   // a worker: suspended in its completion list
    kReached,  // a worker: suspended, taken out of its list, executed by nobody
    kRunning,  // a worker
    kScheduler,
  };

  Kind kind = Kind::kNone;
  int list = 0;                    // the completion list that it entered with
  const Task* dequeuer = nullptr;  // of a worker in kReached; null: that scheduler has ended
};

Role role_of(const Task& task) noexcept;

}  // namespace ums::kernel
