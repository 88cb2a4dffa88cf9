// SPDX-License-Identifier: Apache-2.0
//
// Sample: what one repetition of a benchmark gives back.
//
// A number in the row's unit, or the reason why there is none. Two reasons are told apart: the
// machine does not allow the measurement (one processor only, too few threads), which is printed
// and is no fault; and a failure, which also makes `ums-bench` exit 1.
//
// Invariants:
// 1. `reason` is empty exactly when the outcome is kMeasured.
// 2. Trivially copyable, so that a child process sends it through a pipe as it is.
//
// Thread safety: a plain value.
#pragma once

#include <string_view>

namespace ums::bench {

enum class Outcome { kMeasured, kUnavailable, kFailed };

struct Sample {
  Outcome outcome = Outcome::kFailed;
  double value = 0;
  char reason[160] = {};

  static Sample measured(double value) {
    Sample sample;
    sample.outcome = Outcome::kMeasured;
    sample.value = value;
    return sample;
  }
  static Sample unavailable(std::string_view reason) {
    return without_value(Outcome::kUnavailable, reason);
  }
  static Sample failed(std::string_view reason) { return without_value(Outcome::kFailed, reason); }

 private:
  static Sample without_value(Outcome outcome, std::string_view reason) {
    Sample sample;
    sample.outcome = outcome;
    reason.copy(sample.reason, sizeof sample.reason - 1);
    return sample;
  }
};

}  // namespace ums::bench
