// SPDX-License-Identifier: Apache-2.0
//
// What Linux says about a thread in /proc.
//
// Thread safety: any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace ums::kernel {

// The process that thread `tid` belongs to, or -1: there is no such thread, or no free descriptor.
pid_t process_of_thread(pid_t tid) noexcept;

// The stack pointer of a thread that waits for an answer, or 0.
std::uint64_t stack_of_waiting_thread(pid_t tid) noexcept;

}  // namespace ums::kernel
