// SPDX-License-Identifier: Apache-2.0
//
// A Job done by UMS workers: one scheduler for each CPU that the process may use, each with a
// completion list and an equal share of the workers, which all take from the same Job.
//
// Thread safety: one thread calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/demo/job.h"

namespace ums::demo {

// What one scheduler did.
struct Lane {
  std::size_t cpu = 0;
  std::size_t numbers = 0;
  std::uint64_t divisions = 0;
  std::uint64_t switches = 0;
  // Nanoseconds from one worker's last step to the next one's first, of the first kGapsMax
  // switches: reading the clock included.
  std::vector<std::uint32_t> gaps;
};

inline constexpr std::size_t kGapsMax = 4'000'000;

struct UmsRun {
  double seconds = 0;
  std::size_t workers = 0;
  std::vector<Lane> lanes;
};

// Does `job` with at least `workers` workers. Throws std::system_error where there are no threads.
UmsRun run_ums(Job& job, std::size_t workers);

}  // namespace ums::demo
