// SPDX-License-Identifier: Apache-2.0
//
// What the clocks of a program say in a simulation: CLOCK_MONOTONIC and its like begin at one
// second, CLOCK_REALTIME and its like at the beginning of 2020.
//
// Thread safety: the simulation.
#pragma once

#include <ctime>

#include <cstdint>

#include "sim_kernel/simulated/virtual_time.h"

namespace ums::api {

inline constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

inline bool is_valid(const timespec& time) noexcept {
  return time.tv_nsec >= 0 && time.tv_nsec < static_cast<long>(kNsPerSecond);
}

// kNever: it is too long to say.
std::uint64_t nanoseconds(const timespec& span) noexcept;

// What `clock` says now.
timespec clock_now(clockid_t clock) noexcept;

// When `clock` says `time`: virtual time, of which one beyond its end is that end. One that has
// passed is 0; kNever: a year that nobody lives to see.
std::uint64_t deadline_of(clockid_t clock, const timespec& time) noexcept;

// How long it is until then; nothing if that has passed.
timespec time_until(std::uint64_t deadline) noexcept;

// When `span` has passed, in the same way.
std::uint64_t deadline_after(const timespec& span) noexcept;

}  // namespace ums::api
