// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace ums::command {

Progress::Progress(std::uint64_t iterations, double seconds)
    : iterations_(iterations), seconds_(seconds), is_shown_(isatty(STDERR_FILENO) == 1) {}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - begin_).count();
}

void Progress::note(const Outcome& outcome) {
  ++schedules_;
  steps_ += outcome.steps;
  left_ = outcome.left;
  paths_.insert(outcome.path * 31 + outcome.steps);
  if (is_shown_ && Clock::now() - shown_ > std::chrono::milliseconds(200)) show();
}

std::string Progress::text() const {
  const double taken = std::max(seconds(), 1e-3);
  const auto rate = static_cast<double>(schedules_) / taken;
  return fmt::format("{} schedule{} ({} distinct), {} steps each, {:.0f} a second", schedules_,
                     schedules_ == 1 ? "" : "s", distinct(),
                     schedules_ == 0 ? 0 : steps_ / schedules_, rate);
}

// Of what is to be done, from 0 to 1; -1: not known.
double Progress::share() const {
  if (left_ >= 0) return 1 - left_;
  const double by_count =
      iterations_ == 0 ? -1 : static_cast<double>(schedules_) / static_cast<double>(iterations_);
  const double by_time = seconds_ == 0 ? -1 : seconds() / seconds_;
  return std::min(std::max(by_count, by_time), 1.0);
}

void Progress::show() {
  constexpr int kWidth = 20;
  shown_ = Clock::now();
  const double done = share();
  std::string bar;
  if (done >= 0) {
    const int filled = static_cast<int>(done * kWidth);
    bar = fmt::format("[{:#<{}}{:{}}] {:3.0f} %  ", "", filled, "", kWidth - filled, 100 * done);
  }
  std::fprintf(stderr, "\r%s%s\033[K", bar.c_str(), text().c_str());
  std::fflush(stderr);
}

void Progress::clear() {
  if (is_shown_) std::fputs("\r\033[K", stderr);
}

}  // namespace ums::command
