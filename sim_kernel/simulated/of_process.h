// SPDX-License-Identifier: Apache-2.0
//
// OfProcess: a static object of which each process has its own: in the child of a fork it is made
// anew at its first use. Nothing destroys it.
//
//     UMS_NEVER_DESTROYED OfProcess<Timers> timers;
//
// Thread safety: the object's, but for the first use.
#pragma once

#include <sys/types.h>

#include "sim_kernel/base/never_destroyed.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

template <typename T>
class OfProcess {
 public:
  T& operator*() noexcept {
    if (process_ != kernel_pid) object_.renew();
    process_ = kernel_pid;
    return *object_;
  }
  T* operator->() noexcept { return &**this; }

 private:
  NeverDestroyed<T> object_;
  pid_t process_ = 0;
};

}  // namespace ums::kernel
