// SPDX-License-Identifier: Apache-2.0
//
// make_strategy: strategies by name, as people write them.
//
//     default      random      pct      pct:DEPTH      pos      round-robin
//     exhaustive               exhaustive:PREEMPTIONS
//     default-again            default, beside one that has made its first execution
//
// All but those that see all executions are fair in the long run (fair_strategy.h).
//
// Thread safety: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "ums_api/explore/strategy.h"

namespace ums::explore {

// Null: there is none of this name, or its number makes no sense.
std::unique_ptr<Strategy> make_strategy(std::string_view name, std::uint64_t seed);

}  // namespace ums::explore
