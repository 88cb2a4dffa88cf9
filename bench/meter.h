// SPDX-License-Identifier: Apache-2.0
//
// Meter: counts steps, and times them after a warm-up, slice by slice.
//
// Every benchmark that counts for itself, ours or a peer's, counts with this one class: the count
// costs each of them the same one decrement and branch, and each is timed after the same warm-up.
// A step is a dispatch (one worker picked, run, and giving up the processor) or a thread's life.
//
//     Meter meter(workers, steps_in_slice);
//     while (!meter.count()) { ...one step... }
//     return Sample::measured(meter.nanoseconds());
//
// The result is the median of many short slices, each well below a time slice of Linux's scheduler,
// so that another program on the same processor disturbs some slices and not the result.
//
// Invariants:
// 1. Every worker has at least kRoundsWarm steps before the first slice.
// 2. count() stays true once it was.
//
// Thread safety: none of its own; the workers of one meter run one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>

namespace ums::bench {

class Meter {
 public:
  Meter(int workers, long steps_in_slice)
      : left_(std::max(kRoundsWarm * workers, kSlicesWarm * steps_in_slice)),
        steps_in_slice_(steps_in_slice) {}

  // Counts one step. Returns true from the last timed one on.
  bool count() {
    if (--left_ != 0) [[likely]] {
      return false;
    }
    return next_slice();
  }

  // The mean of the steps of the median slice. Called after count() returned true.
  double nanoseconds() const {
    std::array<double, kSlices> means;
    for (std::size_t i = 0; i < kSlices; ++i) {
      const std::chrono::duration<double, std::nano> slice = boundaries_[i + 1] - boundaries_[i];
      means[i] = slice.count() / static_cast<double>(steps_in_slice_);
    }
    std::nth_element(means.begin(), means.begin() + kSlices / 2, means.end());
    return means[kSlices / 2];
  }

 private:
  using Clock = std::chrono::steady_clock;

  static constexpr long kRoundsWarm = 3;
  static constexpr long kSlicesWarm = 5;
  static constexpr std::size_t kSlices = 101;

  [[gnu::noinline]] bool next_slice() {
    if (reached_ != boundaries_.size()) {
      boundaries_[reached_++] = Clock::now();
    }
    const bool done = reached_ == boundaries_.size();
    left_ = done ? 1 : steps_in_slice_;  // 1: the next count() comes here again
    return done;
  }

  long left_;
  long steps_in_slice_;
  // The end of the warm-up, then the end of each slice.
  std::array<Clock::time_point, kSlices + 1> boundaries_;
  std::size_t reached_ = 0;
};

}  // namespace ums::bench
