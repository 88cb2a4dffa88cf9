// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/crash_report.h"

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <string_view>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::explore {

namespace {

std::atomic<const Schedule*> watched{nullptr};

// What a signal handler may do: no memory, no locks.
void print(std::string_view text) noexcept {
  kernel::raw_syscall(SYS_write, STDERR_FILENO, kernel::syscall_arg(text.data()),
                      static_cast<long>(text.size()));
}

void print(std::uint64_t number) noexcept {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  print(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

void print(const Schedule& schedule) noexcept {
  bool is_first = true;
  for (const Turn& turn : schedule.turns()) {
    if (!is_first) print(",");
    is_first = false;
    print(turn.steps);
    print(".");
    print(static_cast<std::uint64_t>(turn.task));
  }
  if (!schedule.fairness().has_value()) return;
  print(is_first ? "" : ",");
  print(schedule.fairness()->steps);
  print(".~");
  print(schedule.fairness()->seed);
}

// The process that explores: its forked children may exit as they like.
pid_t explorer = 0;

// The body has called exit, or a thread of it: the exploration ends without a verdict.
void report_exit(int status, void*) noexcept {
  const Schedule* const schedule = watched.load(std::memory_order_relaxed);
  if (schedule == nullptr || getpid() != explorer) return;
  print("ums: exit with status ");
  print(static_cast<std::uint64_t>(status));
  print(" ends the program; it comes again with UMS_SCHEDULE='");
  print(*schedule);
  print("'\n");
}

// Once in a process. Without memory for that nothing is said of exits.
void watch_exits() noexcept {
  explorer = getpid();
  [[maybe_unused]] static const int error = on_exit(report_exit, nullptr);
}

}  // namespace

void CrashReport::watch(const Schedule* schedule) noexcept {
  watched.store(schedule, std::memory_order_relaxed);
}

// The signal comes again when this returns, or the program aborts anyway, and has its effect.
void CrashReport::report(int signal) noexcept {
  const Schedule* const schedule = watched.load(std::memory_order_relaxed);
  if (schedule == nullptr) return;
  print("ums: signal ");
  print(static_cast<std::uint64_t>(signal));
  print(" ends the program; it comes again with UMS_SCHEDULE='");
  print(*schedule);
  print("'\n");
}

CrashReport::CrashReport() noexcept {
  watch_exits();
  struct sigaction ours {};
  ours.sa_handler = report;
  ours.sa_flags = static_cast<int>(SA_RESETHAND);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction before {};
    if (sigaction(kSignals[i], nullptr, &before) != 0) continue;
    is_ours_[i] = before.sa_handler == SIG_DFL && sigaction(kSignals[i], &ours, nullptr) == 0;
  }
}

CrashReport::~CrashReport() {
  watch(nullptr);
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    if (is_ours_[i]) sigaction(kSignals[i], &usual, nullptr);
  }
}

}  // namespace ums::explore
