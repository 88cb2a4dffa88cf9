// SPDX-License-Identifier: Apache-2.0
//
// RaceReport: two accesses of the same memory, by two tasks, of which one is a write and not both
// are atomic, and neither happens before the other.
//
//     on_race = [](const RaceReport& race) noexcept { ... };   // for a verdict; the default prints
//
// A pair of places in the program is reported once in an execution.
//
// Thread safety: the carrier. In on_race the current task is inside the kernel.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <span>

#include "sim_kernel/simulated/races/shadow_memory.h"

namespace ums::kernel {

struct RacingAccess {
  int task = 0;
  AccessKind kind = AccessKind::kRead;
  const void* address = nullptr;  // the first byte that both have accessed, or the granule's
  std::size_t bytes = 0;          // of one granule
  std::array<const void*, 32> frames{};
  std::size_t depth = 0;

  // Return addresses: where the access is, in the function that was called at the next one, ...
  std::span<const void* const> stack() const noexcept { return {frames.data(), depth}; }
};

struct RaceReport {
  RacingAccess now;
  RacingAccess before;
};

extern void (*on_race)(const RaceReport& race) noexcept __attribute__((visibility("hidden")));

// Some lines in the kernel log.
void print_race(const RaceReport& race) noexcept;

}  // namespace ums::kernel
