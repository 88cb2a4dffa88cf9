// SPDX-License-Identifier: Apache-2.0
//
// start_kernel: brings every subsystem up, in order, once (Linux: init/main.c). A forked child gets
// a fresh kernel: its files are dead, its locks free, its tasks none but the one that forked.
//
// Thread safety: any thread, any number of times.
#pragma once

namespace ums::kernel {

// Context: the thread's own stack. Cheap when the kernel runs already.
void start_kernel() noexcept;

}  // namespace ums::kernel
