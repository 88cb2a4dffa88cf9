// SPDX-License-Identifier: Apache-2.0
//
// FairStrategy: another strategy, which is fair in the long run. After kFairAfter steps of one
// execution everybody who may go on is equally likely to: what still does not end then does not end
// because of the program.
//
// Other strategies may keep a program from its end for ever that is correct: by going on with one
// that tries again and again what another is to make possible, or by regular turns, in which two
// give way to each other in lock step. Until then this one changes nothing.
//
// It begins with a seed that stands in the schedule (schedule.h), in the place of the steps behind.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "ums_api/explore/random_numbers.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

inline constexpr std::uint64_t kFairAfter = 10'000;

class FairStrategy final : public Strategy {
 public:
  FairStrategy(std::uint64_t seed, std::unique_ptr<Strategy> strategy)
      : strategy_(std::move(strategy)), seeds_(seed) {}

  bool new_execution() override {
    steps_ = 0;
    end_fairness();
    return strategy_->new_execution();
  }

  std::size_t next_task(std::span<const Choice> choices, int current) override {
    if (steps_ == kFairAfter) [[unlikely]]
      return anybody(choices);
    ++steps_;
    return strategy_->next_task(choices, current);
  }

  std::uint64_t next_number(std::uint64_t bound) override { return strategy_->next_number(bound); }

 private:
  std::size_t anybody(std::span<const Choice> choices) {
    if (!fair_seed().has_value()) begin_fairness(seeds_.next() >> 32);
    return choose_fairly(choices);
  }

  const std::unique_ptr<Strategy> strategy_;
  RandomNumbers seeds_;
  std::uint64_t steps_ = 0;  // of this execution, that the other has decided
};

}  // namespace ums::explore
