// SPDX-License-Identifier: Apache-2.0
//
// PctStrategy: probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: A
// randomized scheduler with probabilistic guarantees of finding bugs, ASPLOS 2010).
//
// Each task gets a random priority, and the highest that can run does. At depth - 1 random steps
// the one that runs falls below all others. A bug that needs `depth` orderings is found with
// probability 1 / (n k^(depth-1)) at least, for n tasks and k steps. k is what the longest
// execution until now has taken: the guarantee holds from the second on.
//
// One that yields falls below all others, too: it may wait for one of them in a loop.
#pragma once

#include "ums_api/explore/arena.h"
#include "ums_api/explore/random_numbers.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

class PctStrategy final : public Strategy {
 public:
  // `depth`: 1 or more.
  PctStrategy(std::uint64_t seed, int depth) : depth_(depth), random_(seed) {}

  bool new_execution() override;
  std::size_t next_task(std::span<const Choice> choices, int current) override;
  std::uint64_t next_number(std::uint64_t bound) override { return random_.below(bound); }

 private:
  std::uint64_t& priority_of(int task);
  std::size_t highest(std::span<const Choice> choices);

  static constexpr std::uint64_t kLowestOfChangePoints = std::uint64_t{1} << 62;

  const int depth_;
  RandomNumbers random_;
  std::uint64_t step_ = 0;
  std::uint64_t longest_ = 0;                     // execution, in steps
  std::uint64_t lowest_ = kLowestOfChangePoints;  // priority that a task has got by yielding
  ArenaVector<std::uint64_t> change_points_;      // steps; the earlier in it, the higher
  ArenaVector<std::uint64_t> priorities_;         // by task; 0: it has none yet
};

}  // namespace ums::explore
