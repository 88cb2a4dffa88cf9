// SPDX-License-Identifier: Apache-2.0
#include "ums_api/simulated/virtual_clock.h"

namespace ums::api {

namespace {

constexpr std::uint64_t k2020 = 1'577'836'800;
static_assert(k2020 * kNsPerSecond + kernel::kEndOfTime <= INT64_MAX);

bool is_of_the_day(clockid_t clock) noexcept {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

// What the clock says when the simulation begins.
std::uint64_t reading_at_begin(clockid_t clock) noexcept {
  return (is_of_the_day(clock) ? k2020 : 1) * kNsPerSecond;
}

}  // namespace

std::uint64_t nanoseconds(const timespec& span) noexcept {
  constexpr auto kLast = static_cast<time_t>(kernel::kNever / kNsPerSecond - 1);
  if (span.tv_sec < 0) return 0;
  if (span.tv_sec > kLast) return kernel::kNever;
  return static_cast<std::uint64_t>(span.tv_sec) * kNsPerSecond +
         static_cast<std::uint64_t>(span.tv_nsec);
}

timespec clock_now(clockid_t clock) noexcept {
  const std::uint64_t reading = reading_at_begin(clock) + kernel::virtual_time();
  return {static_cast<time_t>(reading / kNsPerSecond), static_cast<long>(reading % kNsPerSecond)};
}

std::uint64_t deadline_of(clockid_t clock, const timespec& time) noexcept {
  const std::uint64_t begin = reading_at_begin(clock);
  const std::uint64_t then = nanoseconds(time);
  if (then == kernel::kNever) return kernel::kNever;
  return then > begin ? kernel::later(0, then - begin) : 0;
}

timespec time_until(std::uint64_t deadline) noexcept {
  const std::uint64_t now = kernel::virtual_time();
  const std::uint64_t left = deadline > now ? deadline - now : 0;
  return {static_cast<time_t>(left / kNsPerSecond), static_cast<long>(left % kNsPerSecond)};
}

std::uint64_t deadline_after(const timespec& span) noexcept {
  const std::uint64_t wait = nanoseconds(span);
  return wait == kernel::kNever ? kernel::kNever : kernel::later(kernel::virtual_time(), wait);
}

}  // namespace ums::api
