// SPDX-License-Identifier: Apache-2.0
//
// Strategy: decides what happens in each of a row of executions, where more than one thing can.
//
//     while (strategy.new_execution()) {
//       ... strategy.next_task(choices, current) ...   // at each step
//       ... strategy.next_number(6) ...                // where a random number is asked for
//     }
//
// Invariants:
// 1. What it answers is a function of its parameters, its seed and what it was asked before.
// 2. Once it is fair it remains so until the next execution: each answer is the next number of its
//    fair seed's.
//
// Thread safety: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sim_kernel/simulated/choice.h"
#include "ums_api/explore/arena.h"
#include "ums_api/explore/random_numbers.h"

namespace ums::explore {

using kernel::Choice;
using kernel::Event;

// Whether it is one of them.
inline bool may_go_on(std::span<const Choice> choices, int task) {
  for (const Choice& choice : choices) {
    if (choice.task == task) return true;
  }
  return false;
}

class Strategy {
 public:
  Strategy() = default;
  virtual ~Strategy() = default;
  Strategy(const Strategy&) = delete;
  Strategy& operator=(const Strategy&) = delete;

  // One that is made by `new` lies in the arena.
  static void* operator new(std::size_t bytes) { return arena_allocate(bytes, alignof(void*)); }
  static void operator delete(void* memory, std::size_t bytes) {
    arena_free(memory, bytes, alignof(void*));
  }

  // False: all executions have been seen.
  virtual bool new_execution() = 0;

  // Who goes on: an index of `choices`, which is not empty and is ordered by number. `current`, who
  // has run until now, is one of them unless it waits.
  virtual std::size_t next_task(std::span<const Choice> choices, int current) = 0;

  // A number below `bound`, which is not 0.
  virtual std::uint64_t next_number(std::uint64_t bound) = 0;

  // None: it is not fair. Else everybody is equally likely to go on, by the numbers of this seed,
  // one for each step at which more than one can.
  const std::optional<std::uint64_t>& fair_seed() const { return fair_seed_; }

 protected:
  void begin_fairness(std::uint64_t seed) {
    fair_seed_ = seed;
    fair_numbers_ = RandomNumbers(seed);
  }
  void end_fairness() { fair_seed_.reset(); }

  // Where there is nothing to choose no number is drawn: such steps stand in no schedule.
  std::size_t choose_fairly(std::span<const Choice> choices) {
    return choices.size() == 1 ? 0 : fair_numbers_.below(choices.size());
  }

 private:
  std::optional<std::uint64_t> fair_seed_;
  RandomNumbers fair_numbers_{0};
};

}  // namespace ums::explore
