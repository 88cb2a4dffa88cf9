// SPDX-License-Identifier: Apache-2.0
//
// Execution: a strategy in charge of one simulation, and what comes of it.
//
//     Execution execution(strategy);
//     simulation_begin(execution); ... simulation_end();
//     if (execution.is_stuck()) ... execution.schedule()
//
// Thread safety: the carrier.
#pragma once

#include "sim_kernel/simulated/simulation.h"
#include "ums_api/explore/schedule.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

// How an execution went, in numbers.
struct Counts {
  std::uint64_t steps = 0;
  // Somebody else went on, though who ran could have: until everybody is equally likely to.
  std::uint64_t preemptions = 0;
  std::uint64_t path = 0;  // a hash of who went on at each step
};

class Execution : public kernel::Chooser {
 public:
  explicit Execution(Strategy& strategy) : strategy_(strategy) {}
  virtual ~Execution() = default;

  std::size_t choose(std::span<const Choice> choices, int current) noexcept override {
    const std::size_t chosen = strategy_.next_task(choices, current);
    if (strategy_.fair_seed().has_value()) [[unlikely]]
      note_fairness();
    if (choices.size() > 1) note_choice(choices, current, chosen);
    ++counts_.steps;
    return chosen;
  }

  void stuck() noexcept override { stuck_ = true; }

  bool is_stuck() const { return stuck_; }
  const Counts& counts() const { return counts_; }
  const Schedule& schedule() const { return schedule_; }

 private:
  void note_choice(std::span<const Choice> choices, int current, std::size_t chosen) {
    constexpr std::uint64_t kPrime = 0x100000001b3;  // as FNV-1a mixes
    const int task = choices[chosen].task;
    counts_.path = (counts_.path ^ static_cast<std::uint64_t>(task + 1)) * kPrime;
    counts_.path ^= counts_.path >> 29;
    if (schedule_.fairness().has_value()) [[unlikely]]
      return;
    schedule_.note(choices, current, chosen);
    if (task != current && is_preempted(choices, current)) ++counts_.preemptions;
  }

  void note_fairness() {
    if (!schedule_.fairness().has_value()) schedule_.note_fairness(*strategy_.fair_seed());
  }

  Strategy& strategy_;
  Schedule schedule_;
  Counts counts_;
  bool stuck_ = false;
};

}  // namespace ums::explore
