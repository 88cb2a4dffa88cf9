// SPDX-License-Identifier: Apache-2.0
//
// ExhaustiveStrategy: all executions of a program, one after the other, depth first.
//
// Without a bound, executions that differ only in the order of steps which nobody can tell are left
// out, by sleep sets (Godefroid: Partial-order methods for the verification of concurrent systems,
// 1996): a task sleeps while only steps are made that its own does not conflict with, if going on
// with it has been tried where it fell asleep. Where all sleep, the execution is one that was seen.
//
// With a bound, only executions are seen in which at most so many tasks are preempted, all of them
// (Musuvathi, Qadeer: Iterative context bounding, PLDI 2007).
#pragma once

#include <optional>

#include "ums_api/explore/arena.h"
#include "ums_api/explore/strategy.h"

namespace ums::explore {

class ExhaustiveStrategy final : public Strategy {
 public:
  explicit ExhaustiveStrategy(std::optional<int> preemptions = {}) : bound_(preemptions) {}

  bool new_execution() override;
  std::size_t next_task(std::span<const Choice> choices, int current) override;
  std::uint64_t next_number(std::uint64_t) override { return 0; }

  // Whether the execution differs from all before.
  bool is_new() const { return new_; }

  // About which part of all executions has not been seen: as if all that could be done at one step
  // led to equally many (Knuth: Estimating the efficiency of backtrack programs, 1975).
  double left() const;

  // The program did not do as before: something else than the schedule decides, too.
  bool has_strayed() const { return strayed_; }

 private:
  // A step: who could make it, and who has.
  struct Node {
    ArenaVector<Choice> choices;
    ArenaVector<char> done;  // or asleep, or beyond the bound
    std::size_t chosen = 0;
    ArenaVector<Choice> sleeping;
    int preemptions = 0;  // before it
    int current = 0;
  };

  Node make_node(std::span<const Choice> choices, int current) const;
  bool is_beyond_bound(const Node& node, std::size_t index) const;
  bool choose_another(Node& node) const;

  const std::optional<int> bound_;
  ArenaVector<Node> path_;
  std::size_t depth_ = 0;
  bool begun_ = false;
  bool new_ = true;
  bool strayed_ = false;
};

}  // namespace ums::explore
