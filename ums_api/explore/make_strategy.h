// SPDX-License-Identifier: Apache-2.0
//
// make_strategy: strategies by their names, as people give them.
//
//     random       the tasks that could go on are equally likely to
//     pct          PARAMETER is the depth, 1 or more
//     pos
//     exhaustive   PARAMETER is the most preemptions; negative: any number
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "ums_api/explore/strategy.h"

namespace ums::explore {

// In the arena, and never destroyed. Null: there is no such strategy, or parameter.
Strategy* make_strategy(std::string_view name, std::uint64_t seed, int parameter);

}  // namespace ums::explore
