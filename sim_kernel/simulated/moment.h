// SPDX-License-Identifier: Apache-2.0
//
// Moments of virtual time, in nanoseconds since the simulation began. Time has an end (Linux:
// KTIME_MAX), at which the clocks stand still: whoever adds to a moment does so by later().
//
// Thread safety: pure.
#pragma once

#include <cstdint>

namespace ums::kernel {

inline constexpr std::uint64_t kNever = ~std::uint64_t{0};

// Some 220 years: what the clocks of a program say then, those of the day too, is less than 2^63
// nanoseconds (ums_api/simulated/virtual_clock.h).
inline constexpr std::uint64_t kEndOfTime = 7'000'000'000'000'000'000;

// `span` after `moment`, which is not beyond the end of time; at that end at the latest.
constexpr std::uint64_t later(std::uint64_t moment, std::uint64_t span) noexcept {
  return span < kEndOfTime - moment ? moment + span : kEndOfTime;
}

}  // namespace ums::kernel
