// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/debug/misuse.h"

#include <cstdlib>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/base/printk.h"
#include "sim_kernel/base/switched_on.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

namespace {

constinit std::atomic<bool> strict{false};
constinit std::atomic<unsigned> reports{0};

}  // namespace

void (*on_misuse)(const Misuse& kind, std::string_view what) noexcept = nullptr;

void misuse_init() noexcept {
  strict.store(switched_on(secure_getenv("UMS_STRICT")), std::memory_order_relaxed);
}

void report_misuse_text(Misuse& kind, std::string_view what) noexcept {
  reports.fetch_add(1, std::memory_order_relaxed);
  const unsigned nth = kind.count_.fetch_add(1, std::memory_order_relaxed) + 1;
  const bool abort_now = strict.load(std::memory_order_relaxed);
  if (nth <= kMisuseReportsMax || abort_now) {
    printk(LogLevel::kWarning, "misuse: {}\n  the real module: {}\n  instead: {}{}{}", what,
           kind.original_, kind.remedy_,
           nth == kMisuseReportsMax ? "\n  (from now on this kind is counted only)" : "",
           abort_now ? "\n  UMS_STRICT is set: the program is aborted" : "");
  }
  if (on_misuse != nullptr) on_misuse(kind, what);
  if (abort_now) abort_program();
}

unsigned misuse_count() noexcept { return reports.load(std::memory_order_relaxed); }

}  // namespace ums::kernel
