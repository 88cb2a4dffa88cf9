// SPDX-License-Identifier: Apache-2.0
#include "ums_api/simulated/virtual_clock.h"

namespace ums::api {

namespace {

bool is_of_the_day(clockid_t clock) noexcept {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

// What the clock says when the simulation begins.
std::uint64_t reading_at_begin(clockid_t clock) noexcept {
  constexpr std::uint64_t k2020 = 1'577'836'800;
  return (is_of_the_day(clock) ? k2020 : 1) * kNsPerSecond;
}

std::uint64_t nanoseconds(const timespec& time) noexcept {
  return static_cast<std::uint64_t>(time.tv_sec) * kNsPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

timespec clock_now(clockid_t clock) noexcept {
  const std::uint64_t reading = reading_at_begin(clock) + kernel::virtual_time();
  return {static_cast<time_t>(reading / kNsPerSecond), static_cast<long>(reading % kNsPerSecond)};
}

// A year that nobody lives to see is never.
std::uint64_t deadline_of(clockid_t clock, const timespec& time) noexcept {
  constexpr auto kLast = static_cast<time_t>(kernel::kNever / kNsPerSecond - 1);
  if (time.tv_sec < 0) return 0;
  if (time.tv_sec > kLast) return kernel::kNever;
  const std::uint64_t begin = reading_at_begin(clock);
  const std::uint64_t then = nanoseconds(time);
  return then > begin ? then - begin : 0;
}

timespec time_until(std::uint64_t deadline) noexcept {
  const std::uint64_t now = kernel::virtual_time();
  const std::uint64_t left = deadline > now ? deadline - now : 0;
  return {static_cast<time_t>(left / kNsPerSecond), static_cast<long>(left % kNsPerSecond)};
}

std::uint64_t deadline_after(const timespec& span) noexcept {
  timespec then = clock_now(CLOCK_MONOTONIC);
  then.tv_nsec += span.tv_nsec;
  const time_t carry = then.tv_nsec / static_cast<long>(kNsPerSecond);
  then.tv_nsec %= static_cast<long>(kNsPerSecond);
  if (__builtin_add_overflow(then.tv_sec, span.tv_sec + carry, &then.tv_sec)) return kernel::kNever;
  return deadline_of(CLOCK_MONOTONIC, then);
}

}  // namespace ums::api
