// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/clock_loop.h"

#include <algorithm>

#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/switch.h"
#include "sim_kernel/simulated/virtual_cpus.h"
#include "sim_kernel/simulated/virtual_time.h"

namespace ums::kernel {

namespace {

constexpr std::uint64_t kLookNs = 50;  // about what the vDSO's takes
constexpr std::uint64_t kLookNsMax = 1'000'000'000;

std::uint64_t span_of_next(const ClockLoop& loop) noexcept {
  const std::uint64_t part = virtual_cpus.is_plain() ? 8 : 64;
  return std::clamp(loop.looked / part, kLookNs, kLookNsMax);
}

}  // namespace

void wait_in_clock_loop(Task& me) noexcept {
  ClockLoop& loop = me.machine.clock_loop;
  if (loop.deeds != me.machine.deeds) loop = {me.machine.deeds, 0};
  const std::uint64_t span = span_of_next(loop);
  loop.looked += span;
  if (!virtual_cpus.is_plain()) {
    use_cpu(me, span);
    loop.deeds = me.machine.deeds;  // it lets others go on
  } else if (span == kLookNs) {
    charge(span);
  } else {
    futex_wait(me, &loop, later(virtual_time(), span));
  }
}

}  // namespace ums::kernel
