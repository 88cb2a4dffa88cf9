// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/races/race_report.h"

#include "sim_kernel/base/printk.h"
#include "sim_kernel/simulated/code_text.h"

namespace ums::kernel {

void (*on_race)(const RaceReport& race) noexcept = print_race;

namespace {

// As in "task 2 reads ...".
const char* verb(AccessKind kind) noexcept {
  switch (kind) {
    case AccessKind::kRead:
      return "reads";
    case AccessKind::kWrite:
      return "writes";
    case AccessKind::kAtomicRead:
      return "atomically reads";
    case AccessKind::kAtomicWrite:
      return "atomically writes";
    case AccessKind::kFree:
      return "frees";
  }
  return "accesses";
}

// A return address is behind the call: the byte before is the call's.
void print_stack(const RacingAccess& access) noexcept {
  for (const void* const frame : access.stack()) {
    pr_err("    {}", CodeText(static_cast<const char*>(frame) - 1).text());
  }
}

}  // namespace

void print_race(const RaceReport& race) noexcept {
  pr_err("data race: task {} {} {} bytes at {}", race.now.task, verb(race.now.kind), race.now.bytes,
         CodeText(race.now.address).text());
  print_stack(race.now);
  pr_err("  before, and not ordered: task {} {} {} bytes there", race.before.task,
         verb(race.before.kind), race.before.bytes);
  print_stack(race.before);
}

}  // namespace ums::kernel
