// SPDX-License-Identifier: Apache-2.0
//
// BusyTime: how virtual time goes on while tasks are busy, and others wait for a moment of it.
//
//     busy_time.begin(step, virtual_time());     // time has jumped
//     if (busy_time.is_due(step)) charge(busy_time.pass(step, virtual_time(), first_deadline()));
//
// Steps take no time where nothing costs any (virtual_cpus.h). Who waits for a moment would wait
// for ever while somebody is busy, perhaps until just that one stops him. So each kBusySteps steps
// since time has jumped last take time, a quarter of what they have taken until then: 100
// milliseconds pass in some 50'000 steps, a minute in 80'000. Time passes no moment that somebody
// waits for without coming to it.
//
// Thread safety: the carrier.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ums::kernel {

class BusyTime {
 public:
  static constexpr std::uint64_t kBusySteps = 1000;
  static constexpr std::uint64_t kFirstNs = 1000;

  void begin(std::uint64_t step, std::uint64_t now) noexcept {
    next_ = step + kBusySteps;
    began_ = now;
  }

  // The `step`th step is made next.
  bool is_due(std::uint64_t step) const noexcept { return step >= next_; }

  // Time goes on now, but to `limit` at most. Returns by how much.
  std::uint64_t pass(std::uint64_t step, std::uint64_t now, std::uint64_t limit) noexcept {
    next_ = step + kBusySteps;
    const std::uint64_t passed = now > began_ ? now - began_ : 0;  // CPUs differ
    const std::uint64_t span = std::max(passed / 4, kFirstNs);
    return limit > now ? std::min(span, limit - now) : 0;
  }

 private:
  std::uint64_t next_ = kBusySteps;
  std::uint64_t began_ = 0;  // the time then
};

}  // namespace ums::kernel
