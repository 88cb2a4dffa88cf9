// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/cost_profile.h"

#include <charconv>
#include <system_error>

namespace ums::kernel {

namespace {

constexpr std::uint64_t kCostMax = 1'000'000'000'000;  // a quarter of an hour

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// Takes what stands before `end`, and `end`, off the front.
std::string_view take_until(std::string_view& text, char end) noexcept {
  const std::size_t size = text.find(end);
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size == std::string_view::npos ? text.size() : size + 1);
  return taken;
}

bool parse_cost(std::string_view text, std::uint64_t& cost) noexcept {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, cost);
  return error == std::errc{} && stop == end && cost <= kCostMax;
}

// Returns what is wrong with a line; null: nothing.
const char* parse_line(std::string_view line, CostProfile& costs) noexcept {
  std::string_view rest = trim(take_until(line, '#'));
  if (rest.empty()) return nullptr;
  const std::string_view name = trim(take_until(rest, '='));
  for (const CostName& known : kCostNames) {
    if (known.name != name) continue;
    return parse_cost(trim(rest), costs.*known.cost) ? nullptr
                                                     : "is no 'name = nanoseconds', up to 10^12";
  }
  return "names no cost; there are system_call, context_switch, wake_up, migration, lock and "
         "create";
}

}  // namespace

ParsedProfile parse_cost_profile(std::string_view text) noexcept {
  if (text == "zero") return {};
  if (text == "default") return {kDefaultProfile};
  ParsedProfile parsed;
  for (int line = 1; !text.empty(); ++line) {
    parsed.fault = parse_line(take_until(text, '\n'), parsed.costs);
    if (parsed.fault == nullptr) continue;
    parsed.wrong_line = line;
    break;
  }
  return parsed;
}

std::uint64_t cost_of_step(const CostProfile& costs, EventKind step) noexcept {
  switch (step) {
    case EventKind::kCreate:
      return costs.create;
    case EventKind::kLock:
    case EventKind::kTimedLock:
    case EventKind::kTryLock:
    case EventKind::kUnlock:
    case EventKind::kOnce:
    case EventKind::kWake:
    case EventKind::kPost:
      return costs.lock;
    case EventKind::kJoin:
    case EventKind::kWait:
    case EventKind::kYield:
    case EventKind::kSleep:
    case EventKind::kCall:
      return costs.system_call;
    default:
      return 0;
  }
}

}  // namespace ums::kernel
