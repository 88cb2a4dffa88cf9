// SPDX-License-Identifier: Apache-2.0
//
// Schedule: which way an execution went, to be written down and gone again.
//
// Without a schedule whoever runs goes on until it waits, and then the task with the lowest number
// does; or until it yields, and then the one with the next number. A schedule says where an
// execution did otherwise: after how many steps, and who went on. Steps at which there was nothing
// to choose do not count.
//
//     3.2,1.0,7.1      after three steps task 2, after one more task 0, ...
//     3.2,1.0,7.~90    ... and after seven more everybody is equally likely to go on, at each step,
//                      by the random numbers of the seed 90 (fair_strategy.h)
//
// The same program, input and schedule give the same execution.
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ums_api/explore/arena.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

// Who goes on without one: an index.
std::size_t default_choice(std::span<const Choice> choices, int current);

// Whether `current` is stopped if somebody else goes on: it neither waits nor yields.
bool is_preempted(std::span<const Choice> choices, int current);

struct Turn {
  std::uint64_t steps = 0;  // since the last turn, or the beginning
  int task = 0;

  friend bool operator==(const Turn&, const Turn&) = default;
};

// Everybody is equally likely to go on.
struct Fairness {
  std::uint64_t steps = 0;  // since the last turn, or the beginning
  std::uint64_t seed = 0;

  friend bool operator==(const Fairness&, const Fairness&) = default;
};

class Schedule {
 public:
  // Notes a step at which there was something to choose. Not after note_fairness.
  void note(std::span<const Choice> choices, int current, std::size_t chosen);

  // From the next such step on.
  void note_fairness(std::uint64_t seed) { fairness_ = Fairness{steps_, seed}; }

  const ArenaVector<Turn>& turns() const { return turns_; }
  const std::optional<Fairness>& fairness() const { return fairness_; }

  std::string to_string() const;

  // None: `text` is no schedule.
  static std::optional<Schedule> from_string(std::string_view text);

  friend bool operator==(const Schedule& a, const Schedule& b) {
    return a.turns_ == b.turns_ && a.fairness_ == b.fairness_;
  }

 private:
  ArenaVector<Turn> turns_;
  std::optional<Fairness> fairness_;
  std::uint64_t steps_ = 0;  // since the last turn
};

}  // namespace ums::explore
