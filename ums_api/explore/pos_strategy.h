// SPDX-License-Identifier: Apache-2.0
//
// PosStrategy: partial order sampling (Yuan, Yang, Gu: Partial order aware concurrency sampling,
// CAV 2018).
//
// Each step that a task is about to make gets a random priority, and the highest is made. Steps
// about the same object get new ones then: whether one of them or another comes first is drawn
// anew, and nothing else.
#pragma once

#include "ums_api/explore/arena.h"
#include "ums_api/explore/random_numbers.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

class PosStrategy final : public Strategy {
 public:
  explicit PosStrategy(std::uint64_t seed) : random_(seed) {}

  bool new_execution() override;
  std::size_t next_task(std::span<const Choice> choices, int current) override;
  std::uint64_t next_number(std::uint64_t bound) override { return random_.below(bound); }

 private:
  std::uint64_t& priority_of(const Choice& choice);

  RandomNumbers random_;
  ArenaVector<std::uint64_t> priorities_;  // by task; 0: its step has none
};

}  // namespace ums::explore
