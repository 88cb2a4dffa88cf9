// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/make_strategy.h"

#include <charconv>
#include <limits>
#include <optional>

#include "ums_api/explore/default_strategy.h"
#include "ums_api/explore/exhaustive_strategy.h"
#include "ums_api/explore/fair_strategy.h"
#include "ums_api/explore/pct_strategy.h"
#include "ums_api/explore/pos_strategy.h"
#include "ums_api/explore/random_strategy.h"
#include "ums_api/explore/round_robin_strategy.h"

namespace ums::explore {

namespace {

constexpr int kUsualDepth = 3;

// The number behind "name:"; none where there is only the name. -1: neither.
std::optional<int> number_behind(std::string_view text, std::string_view name) {
  if (text == name) return {};
  if (!text.starts_with(name) || text[name.size()] != ':') return -1;
  text.remove_prefix(name.size() + 1);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : -1;
}

bool is_named(std::string_view text, std::string_view name) {
  return text.substr(0, text.find(':')) == name;
}

template <typename Its, typename... Arguments>
std::unique_ptr<Strategy> make_fair(std::uint64_t seed, Arguments... arguments) {
  return std::make_unique<FairStrategy>(seed, std::make_unique<Its>(arguments...));
}

}  // namespace

std::unique_ptr<Strategy> make_strategy(std::string_view name, std::uint64_t seed) {
  if (name == "default") return make_fair<DefaultStrategy>(seed, seed);
  if (name == "default-again") return make_fair<DefaultStrategy>(seed, seed, false);
  if (name == "random") return std::make_unique<RandomStrategy>(seed);
  if (name == "pos") return make_fair<PosStrategy>(seed, seed);
  if (name == "round-robin") return make_fair<RoundRobinStrategy>(seed);
  if (is_named(name, "pct")) {
    const int depth = number_behind(name, "pct").value_or(kUsualDepth);
    return depth > 0 ? make_fair<PctStrategy>(seed, seed, depth) : nullptr;
  }
  if (is_named(name, "exhaustive")) {
    const std::optional<int> preemptions = number_behind(name, "exhaustive");
    if (preemptions.value_or(0) < 0) return nullptr;
    return std::make_unique<ExhaustiveStrategy>(preemptions);
  }
  return nullptr;
}

}  // namespace ums::explore
