// SPDX-License-Identifier: Apache-2.0
//
// RandomStrategy: at each step every task is as likely to go on as any other.
#pragma once

#include "ums_api/explore/random_numbers.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

class RandomStrategy final : public Strategy {
 public:
  explicit RandomStrategy(std::uint64_t seed) noexcept : seeds_(seed), random_(0) {}

  // Each execution has a seed of its own.
  bool new_execution() override {
    random_ = RandomNumbers(seeds_.next());
    return true;
  }

  std::size_t next_task(std::span<const Choice> choices, int) override {
    return random_.below(choices.size());
  }

  std::uint64_t next_number(std::uint64_t bound) override { return random_.below(bound); }

 private:
  RandomNumbers seeds_;
  RandomNumbers random_;
};

}  // namespace ums::explore
