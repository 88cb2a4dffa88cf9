// SPDX-License-Identifier: Apache-2.0
//
// DefaultStrategy: for who knows nothing of the program (docs/decisions/0024-default-strategy.md).
//
// The first execution is a round robin, unless another strategy of this kind makes that; in the
// others a random walk or partial order sampling chooses among the steps that ReadsFromStrategy has
// left.
#pragma once

#include <utility>

#include "ums_api/explore/pos_strategy.h"
#include "ums_api/explore/random_strategy.h"
#include "ums_api/explore/reads_from_strategy.h"
#include "ums_api/explore/round_robin_strategy.h"

namespace ums::explore {

class DefaultStrategy final : public Strategy {
 public:
  explicit DefaultStrategy(std::uint64_t seed, bool begins_in_turns = true)
      : base_(seed, begins_in_turns), reads_from_(seed, base_) {}

  bool new_execution() override { return reads_from_.new_execution(); }
  std::size_t next_task(std::span<const Choice> choices, int current) override {
    return reads_from_.next_task(choices, current);
  }
  std::uint64_t next_number(std::uint64_t bound) override { return base_.next_number(bound); }

 private:
  class Base final : public Strategy {
   public:
    Base(std::uint64_t seed, bool begins_in_turns)
        : random_(seed),
          walk_(random_.next()),
          pos_(random_.next()),
          takes_turns_(begins_in_turns) {}

    bool new_execution() override {
      if (std::exchange(takes_turns_, false)) {
        chosen_ = &round_robin_;
      } else {
        chosen_ = random_.below(2) == 0 ? static_cast<Strategy*>(&walk_) : &pos_;
      }
      return chosen_->new_execution();
    }
    std::size_t next_task(std::span<const Choice> choices, int current) override {
      return chosen_->next_task(choices, current);
    }
    std::uint64_t next_number(std::uint64_t bound) override { return random_.below(bound); }

   private:
    RandomNumbers random_;
    RoundRobinStrategy round_robin_;
    RandomStrategy walk_;
    PosStrategy pos_;
    Strategy* chosen_ = nullptr;
    bool takes_turns_;  // next
  };

  Base base_;
  ReadsFromStrategy reads_from_;
};

}  // namespace ums::explore
