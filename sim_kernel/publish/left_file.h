// SPDX-License-Identifier: Apache-2.0
//
// State files that their kernels have left behind: a program that is killed, or ends by _exit(2),
// takes nothing away. Whoever finds such a file removes it.
//
// 1. A file is judged and removed under an exclusive flock(2) of the run folder. So a name stands
//    for the file that has been judged until that is removed: a new one of that name, of another
//    program in the same process, can be made only then.
// 2. Nobody waits for that lock, whose holder may be stopped: who does not get it leaves the file
//    to others, and a new kernel takes another name (publish.cpp).
//
// Thread safety: any thread; bare system calls only.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "sim_kernel/publish/state_file.h"

namespace ums::kernel {

// What tells a process from a later one with its id, and from what it executes. All 0: unknown.
struct ProcessIdentity {
  std::uint64_t start = 0;  // clock ticks after the boot
  std::uint64_t stack = 0;  // where its main stack begins
};
ProcessIdentity process_identity(pid_t pid) noexcept;

// Whether a name in the run folder is one that kernels give to state files: PID or PID-NUMBER.
bool is_state_file_name(const char* name) noexcept;

// Whether a file that begins so is a kernel's; and whether that has not filled it yet.
bool is_state_header(const StateHeader& header) noexcept;
bool is_half_made(const StateHeader& header) noexcept;

// Whether no kernel holds the open state file `descriptor` any more, which begins with `header`.
bool is_left_behind(int descriptor, const StateHeader& header) noexcept;

// Removes the file `name` from an open run folder if it has been left behind. Invariant 1.
void remove_if_left(int folder, const char* name) noexcept;

// Removes files that have been left behind from an open run folder. Looks at `max` files at most.
void remove_left_files(int folder, int max) noexcept;

}  // namespace ums::kernel
