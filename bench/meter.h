// SPDX-License-Identifier: Apache-2.0
//
// Meter: counts steps, and times those between a warm-up and an end.
//
// Every benchmark that counts for itself, ours or a peer's, counts with this one class: the count
// costs each of them the same one decrement and branch, and each is timed after the same warm-up.
// A step is a dispatch (one worker picked, run, and giving up the processor) or a thread's life.
//
//     Meter meter(workers, steps);
//     while (!meter.count()) { ...one step... }
//     return Sample::measured(meter.nanoseconds());
//
// Invariants:
// 1. Every worker has at least kRoundsWarm steps before the clock starts, and on the average at
//    least kRoundsMeasured while it runs.
// 2. count() stays true once it was.
//
// Thread safety: none of its own; the workers of one meter run one at a time.
#pragma once

#include <algorithm>
#include <chrono>

namespace ums::bench {

class Meter {
 public:
  // Times `steps` of them, or more where the workers are so many (invariant 1).
  explicit Meter(int workers, long steps)
      : left_(std::max(kRoundsWarm * workers, steps / 10)),
        measured_(std::max(kRoundsMeasured * workers, steps)) {}

  // Counts one step. Returns true from the last measured one on.
  bool count() {
    if (--left_ != 0) [[likely]] {
      return false;
    }
    return next_phase();
  }

  // The mean of the measured steps. Called after count() returned true.
  double nanoseconds() const {
    const std::chrono::duration<double, std::nano> elapsed = stop_ - start_;
    return elapsed.count() / static_cast<double>(measured_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Phase { kWarm, kMeasuring, kDone };

  static constexpr long kRoundsWarm = 3;
  static constexpr long kRoundsMeasured = 20;

  [[gnu::noinline]] bool next_phase() {
    if (phase_ == Phase::kWarm) {
      phase_ = Phase::kMeasuring;
      left_ = measured_;
      start_ = Clock::now();
      return false;
    }
    if (phase_ == Phase::kMeasuring) {
      phase_ = Phase::kDone;
      stop_ = Clock::now();
    }
    left_ = 1;
    return true;
  }

  Phase phase_ = Phase::kWarm;
  long left_;
  long measured_;
  Clock::time_point start_;
  Clock::time_point stop_;
};

}  // namespace ums::bench
