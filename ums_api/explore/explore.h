// SPDX-License-Identifier: Apache-2.0
//
// run_many: runs a body again and again in this process, each time as a strategy says, until it
// fails or there is nothing else to see.
//
//     const Exploration result = run_many(strategy, 1000, [] { ...; return sum == 2; });
//     if (result.failed()) ... result.schedule
//
// The body is a thread of its own. What it leaves behind, in variables that outlive it, it finds
// again: it is to clean up. A deadlock ends the exploration, and so does an execution that has not
// ended after so many steps; its threads wait for ever, with the locks that they have.
//
// Thread safety: one thread, which belongs to no simulation.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ums_api/explore/strategy.h"

namespace ums::explore {

enum class Verdict : std::uint8_t { kPassed, kFailed, kDeadlock, kStepLimit };

struct Exploration {
  Verdict verdict = Verdict::kPassed;
  std::uint64_t executions = 0;
  std::uint64_t schedules = 0;  // among them that differ
  std::uint64_t steps = 0;
  bool complete = false;  // the strategy knows no other executions
  std::string schedule;   // of the failure
  std::string waiting;    // of the two last verdicts what each task waits for, or could do

  bool failed() const { return verdict != Verdict::kPassed; }
};

// Whether threads whose function has returned serve the next execution (captured_threads.h), or all
// are new.
enum class Threads : std::uint8_t { kKept, kNew };

inline constexpr std::uint64_t kUsualStepsMax = 1'000'000;

// An execution of more than `steps_max` steps has failed.
Exploration run_many(Strategy& strategy, std::uint64_t executions,
                     const std::function<bool()>& body, Threads threads = Threads::kKept,
                     std::uint64_t steps_max = kUsualStepsMax);

}  // namespace ums::explore
