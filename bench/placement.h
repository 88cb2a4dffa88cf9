// SPDX-License-Identifier: Apache-2.0
//
// Placement: on which processors a measurement runs (Linux: sched_setaffinity).
//
// The whole run is pinned to the first processor that it may use; a thread or process that is made
// later inherits that. Only the rows that say "two CPUs" place their threads on the second as well.
//
// Thread safety: usable from any thread; a call moves only the calling thread.
#pragma once

#include <string_view>
#include <vector>

namespace ums::bench {

// The processors that this program may use, taken down at the first call, before any pinning.
const std::vector<int>& allowed_cpus();

// Why a row that needs a second processor has no value.
inline constexpr std::string_view kNeedsTwoCpus = "needs two processors";

// Pins the calling thread to the processor. Returns false where Linux refuses.
bool pin_to_cpu(int cpu);

}  // namespace ums::bench
