// SPDX-License-Identifier: Apache-2.0
//
// CrashReport: a program that crashes, aborts or exits in an execution says by which schedule that
// comes again.
//
//     CrashReport report;               // while executions are run
//     report.watch(&execution.schedule());
//
// Signals that the program has handlers for are left alone, and nothing is said of _exit.
//
// Thread safety: one at a time in a process.
#pragma once

#include <csignal>

#include <array>

#include "ums_api/explore/schedule.h"

namespace ums::explore {

class CrashReport {
 public:
  CrashReport() noexcept;
  ~CrashReport();
  CrashReport(const CrashReport&) = delete;
  CrashReport& operator=(const CrashReport&) = delete;

  // Of the execution that runs; null: none does.
  static void watch(const Schedule* schedule) noexcept;

 private:
  static constexpr std::array kSignals = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

  static void report(int signal) noexcept;

  std::array<bool, kSignals.size()> is_ours_{};
};

}  // namespace ums::explore
