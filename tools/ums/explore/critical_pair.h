// SPDX-License-Identifier: Apache-2.0
//
// critical_pairs: which two steps of a failing execution matter, for each turn in it: what the task
// that did not go on did later, or would have done, and what another did first, about the same
// object.
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tools/ums/explore/outcome.h"

namespace ums::command {

struct CriticalPair {
  std::uint64_t turn = 0;  // a step
  int displaced = 0;       // the task that did not go on there
  // None: no two steps are about the same object.
  std::optional<std::uint64_t> first;       // the other's step
  kernel::Event later;                      // what the displaced task does after that
  std::optional<std::uint64_t> later_step;  // none: it never came to it
};

// `outcome` has a trace.
std::vector<CriticalPair> critical_pairs(const Outcome& outcome);

}  // namespace ums::command
