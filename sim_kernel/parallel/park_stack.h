// SPDX-License-Identifier: Apache-2.0
//
// Park stacks: kParkStackBytes each, on which the idle loops of Cpus wait (see cpu.h).
//
// Thread safety: any thread.
#pragma once

namespace ums::kernel {

// Returns a stack, or null if there is no memory. Ownership: the caller's, until it is freed.
void* park_stack_alloc() noexcept;

// Context: the idle loop on it waits for nobody and will never be resumed.
void park_stack_free(void* stack) noexcept;

}  // namespace ums::kernel
