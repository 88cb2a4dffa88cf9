// SPDX-License-Identifier: Apache-2.0
//
// Report: a failing execution in words: who waits for what, where, and which steps matter.
//
// Thread safety: one thread.
#pragma once

#include <string>

#include "tools/ums/explore/critical_pair.h"
#include "tools/ums/explore/outcome.h"
#include "tools/ums/explore/program_server.h"
#include "tools/ums/explore/symbols.h"

namespace ums::command {

class Report {
 public:
  explicit Report(Symbols& symbols) : symbols_(symbols) {}

  // The verdict, and what each task waits for. `outcome`: with a trace, as far as it is short.
  std::string failure(const Outcome& outcome);

  // `outcome`: with the stacks of the pair's steps. `otherwise`: what becomes of the execution
  // without the preemption.
  std::string pair(const Outcome& outcome, const CriticalPair& pair, const Outcome& otherwise);

  // Where two runs of one schedule part.
  std::string first_difference(const Outcome& a, const Outcome& b);

  // Its steps, a line each.
  std::string steps(const Outcome& outcome);

  // `task 2 (consumer)`
  std::string name(const Outcome& outcome, int task);

  // `lock object 5 `mutex``
  std::string event(const Outcome& outcome, const kernel::Event& event);

 private:
  std::string race(const Outcome& outcome);
  std::string memory(const Outcome& outcome);
  std::string order(const Outcome& outcome, const CriticalPair& pair);
  std::string stack_of_later(const Outcome& outcome, const CriticalPair& pair);
  std::string stack_at(const Outcome& outcome, std::uint64_t step);
  std::string waiting_in_call(const Outcome& outcome, const StuckTask& task);
  std::string waiting(const Outcome& outcome, const StuckTask& task);
  std::string stack(const Stack& stack);
  std::string task(const Outcome& outcome, const StuckTask& task);
  std::string step(const Outcome& outcome, std::uint64_t step);

  Symbols& symbols_;
};

}  // namespace ums::command
