// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ums::explore {

namespace {

// An index; their number: it is none of them.
std::size_t find(std::span<const Choice> choices, int task) {
  const auto found = std::find_if(choices.begin(), choices.end(),
                                  [&](const Choice& choice) { return choice.task == task; });
  return static_cast<std::size_t>(found - choices.begin());
}

}  // namespace

std::size_t default_choice(std::span<const Choice> choices, int current) {
  const std::size_t its = find(choices, current);
  if (its == choices.size()) return 0;
  return choices[its].next.kind == kernel::EventKind::kYield ? (its + 1) % choices.size() : its;
}

bool is_preempted(std::span<const Choice> choices, int current) {
  const std::size_t its = find(choices, current);
  return its != choices.size() && choices[its].next.kind != kernel::EventKind::kYield;
}

void Schedule::note(std::span<const Choice> choices, int current, std::size_t chosen) {
  if (chosen == default_choice(choices, current)) {
    ++steps_;
    return;
  }
  turns_.push_back({steps_, choices[chosen].task});
  steps_ = 0;
}

std::string Schedule::to_string() const {
  std::string text;
  for (const Turn& turn : turns_) {
    fmt::format_to(std::back_inserter(text), "{}{}.{}", text.empty() ? "" : ",", turn.steps,
                   turn.task);
  }
  if (fairness_.has_value()) {
    fmt::format_to(std::back_inserter(text), "{}{}.~{}", text.empty() ? "" : ",", fairness_->steps,
                   fairness_->seed);
  }
  return text;
}

namespace {

// Takes a number off the front.
template <typename Number>
bool take(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char character) {
  if (text.empty() || text.front() != character) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<Schedule> Schedule::from_string(std::string_view text) {
  Schedule schedule;
  while (!text.empty()) {
    Turn turn;
    if (!schedule.turns_.empty() && !take(text, ',')) return {};
    if (!take(text, turn.steps) || !take(text, '.')) return {};
    if (take(text, '~')) {
      std::uint64_t seed = 0;
      if (!take(text, seed) || !text.empty()) return {};
      schedule.fairness_ = Fairness{turn.steps, seed};
      return schedule;
    }
    if (!take(text, turn.task)) return {};
    schedule.turns_.push_back(turn);
  }
  return schedule;
}

}  // namespace ums::explore
