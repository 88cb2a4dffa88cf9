// SPDX-License-Identifier: Apache-2.0
//
// Progress: how many schedules have been seen, in numbers, and in a line on the terminal that is
// written anew a few times a second (none where standard error is no terminal).
//
// Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_set>

#include "tools/ums/explore/outcome.h"

namespace ums::command {

class Progress {
 public:
  // What is to be done; 0: not known.
  Progress(std::uint64_t iterations, double seconds);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void note(const Outcome& outcome);

  std::uint64_t schedules() const { return schedules_; }
  std::uint64_t distinct() const { return paths_.size(); }
  double seconds() const;

  // `1234 schedules (1200 distinct), 35 steps each, 812 a second`
  std::string text() const;

  // Of an exhaustive search, the part that is left, from 0 to 1; -1: it is none.
  double left() const { return left_; }

  // Takes the line off the terminal.
  void clear();

 private:
  double share() const;
  void show();

  using Clock = std::chrono::steady_clock;

  const std::uint64_t iterations_;
  const double seconds_;
  const bool is_shown_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point shown_ = begin_;
  std::uint64_t schedules_ = 0;
  std::uint64_t steps_ = 0;
  double left_ = -1;  // of an exhaustive search
  std::unordered_set<std::uint64_t> paths_;
};

}  // namespace ums::command
