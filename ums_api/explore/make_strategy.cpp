// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/make_strategy.h"

#include <optional>

#include "ums_api/explore/arena.h"
#include "ums_api/explore/exhaustive_strategy.h"
#include "ums_api/explore/pct_strategy.h"
#include "ums_api/explore/pos_strategy.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::explore {

Strategy* make_strategy(std::string_view name, std::uint64_t seed, int parameter) {
  if (name == "random") return make_in_arena<RandomStrategy>(seed);
  if (name == "pos") return make_in_arena<PosStrategy>(seed);
  if (name == "pct" && parameter >= 1) return make_in_arena<PctStrategy>(seed, parameter);
  if (name == "exhaustive") {
    return make_in_arena<ExhaustiveStrategy>(parameter < 0 ? std::optional<int>() : parameter);
  }
  return nullptr;
}

}  // namespace ums::explore
