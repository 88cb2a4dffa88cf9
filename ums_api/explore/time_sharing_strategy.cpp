// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/time_sharing_strategy.h"

#include <compare>

#include "sim_kernel/simulated/simulation.h"
#include "sim_kernel/simulated/virtual_cpus.h"

namespace ums::explore {

namespace {

using kernel::virtual_cpus;

// Who is first: the least.
struct Rank {
  enum class Kind : std::uint8_t {
    kTakesIdle,
    kTakesOver,   // from one whose turn is over
    kGoesOn,      // on its CPU
    kIsOver,      // the same, but its turn is over
    kInterrupts,  // one that has not had its turn
  };

  Kind kind;
  std::uint64_t since;
  std::uint64_t order;

  // NOLINTNEXTLINE(modernize-use-nullptr): there is no pointer
  friend auto operator<=>(const Rank&, const Rank&) = default;
};

Rank rank_of_queued(const kernel::Task& task) {
  using Kind = Rank::Kind;
  const int cpu = virtual_cpus.place_for(task);
  Kind kind = Kind::kTakesIdle;
  if (!virtual_cpus.is_idle(cpu)) {
    const bool is_over = virtual_cpus.is_turn_over(virtual_cpus.task_on(cpu));
    kind = is_over ? Kind::kTakesOver : Kind::kInterrupts;
  }
  return {kind, task.machine.ready_at, task.machine.queued};
}

}  // namespace

std::size_t TimeSharingStrategy::next_task(std::span<const Choice> choices, int) {
  using Kind = Rank::Kind;
  const auto rank_of = [&](std::size_t index) -> Rank {
    const kernel::Task& task = kernel::chosen_task(index);
    if (task.machine.cpu < 0) return rank_of_queued(task);
    const Kind kind = virtual_cpus.is_turn_over(task) ? Kind::kIsOver : Kind::kGoesOn;
    return {kind, last_step_of(choices[index].task), 0};
  };
  std::size_t best = 0;
  for (std::size_t i = 1; i < choices.size(); ++i) {
    if (rank_of(i) < rank_of(best)) best = i;
  }
  last_step_of(choices[best].task) = ++steps_;
  return best;
}

std::uint64_t& TimeSharingStrategy::last_step_of(int task) {
  const auto index = static_cast<std::size_t>(task);
  if (index >= last_steps_.size()) last_steps_.resize(index + 1);
  return last_steps_[index];
}

}  // namespace ums::explore
