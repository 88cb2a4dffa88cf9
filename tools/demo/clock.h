// SPDX-License-Identifier: Apache-2.0
//
// The monotonic clock, in nanoseconds, and what one reading of it costs.
//
// Thread safety: any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace ums::demo {

inline std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// The median time between two readings, one right after the other.
inline std::int64_t clock_cost_ns() {
  std::vector<std::int64_t> costs(1001);
  for (std::int64_t& cost : costs) {
    const std::int64_t start = now_ns();
    cost = now_ns() - start;
  }
  std::nth_element(costs.begin(), costs.begin() + 500, costs.end());
  return costs[500];
}

}  // namespace ums::demo
