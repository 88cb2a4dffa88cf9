// SPDX-License-Identifier: Apache-2.0
//
// The kernel loop: the one thread of the kernel process, which waits for what programs do and lets
// their calls go on.
//
//     kernel_loop_start();
//     Listener listener(descriptor);             // from the program, see filter.h
//     while (!listener.has_hung_up() || kernel_is_used()) kernel_loop_turn();
//
// Thread safety: one thread.
#pragma once

namespace ums::kernel {

// Starts the kernel in this process. Returns 0 or the errno: EMFILE, ENOMEM.
int kernel_loop_start() noexcept;

// Waits for an event, or some, and does what they lead to. Might return without one.
void kernel_loop_turn() noexcept;

// Whether a process lives that has called, or a file is open. The end of the last process is seen
// after its listener has hung up.
bool kernel_is_used() noexcept;

void kernel_loop_stop() noexcept;

}  // namespace ums::kernel
