// SPDX-License-Identifier: Apache-2.0
#include "tools/demo/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace ums::demo {

Progress::Progress(std::string label, const Job& job) : label_(std::move(label)), job_(job) {
  if (isatty(STDERR_FILENO) == 0) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { show(stop); });
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  constexpr const char* kEraseLine = "\r\033[K";
  std::fputs(kEraseLine, stderr);
}

void Progress::show(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kPeriod{100};
  std::unique_lock lock(mutex_);
  do {
    const std::size_t done = job_.done().load(std::memory_order_relaxed);
    fmt::print(stderr, "\r{}: {} of {} numbers, {} %", label_, done, job_.size(),
               100 * done / job_.size());
    std::fflush(stderr);
  } while (!stopped_.wait_for(lock, stop, kPeriod, [&] { return stop.stop_requested(); }));
}

}  // namespace ums::demo
