// SPDX-License-Identifier: Apache-2.0
//
// What Linux says about a thread in /proc.
//
// Thread safety: any thread.
#pragma once

#include <sys/types.h>

namespace ums::kernel {

// The process that thread `tid` belongs to, or -1: there is no such thread, or no free descriptor.
pid_t process_of_thread(pid_t tid) noexcept;

}  // namespace ums::kernel
