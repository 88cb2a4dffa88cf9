// SPDX-License-Identifier: Apache-2.0
//
// The race detector: compares each access of an instrumented program with those of other tasks that
// happened before nothing that it knows of (happens_before.h), and tells on_race of what it finds.
//
// Invariants:
// 1. Of each byte the accesses are known that a later one can race with, unless it races with a
//    newer one, too: an access takes the place of those that happened before it, but a read of
//    writes, and an atomic one of others, do not.
// 2. So no race of the execution is missed, except after a race was reported for the same byte.
//
// Thread safety: the carrier; the current task.
#pragma once

#include <cstddef>

#include "sim_kernel/simulated/races/happens_before.h"

namespace ums::kernel {

// `me` makes an access now.
void check_access(Task& me, const void* address, std::size_t bytes, AccessKind kind,
                  CodePlace place) noexcept;

// `me` frees memory: who has accessed it shall have done that before. It is forgotten.
void check_free(Task& me, const void* address, std::size_t bytes, CodePlace place) noexcept;

// A new execution begins: nothing has happened, and nothing was reported.
void forget_races() noexcept;

}  // namespace ums::kernel
