// SPDX-License-Identifier: Apache-2.0
//
// The guards of static variables in functions, in a simulation: libstdc++'s own, which no compiler
// has instrumented. Who has made the variable has done so before anybody uses it.
#include "sim_kernel/simulated/races/happens_before.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;

constinit NextSymbol<int(std::int64_t*)> next_acquire{"__cxa_guard_acquire"};
constinit NextSymbol<void(std::int64_t*)> next_release{"__cxa_guard_release"};

}  // namespace

// Not noexcept: a thread may be cancelled that waits here.
UMS_EXPORT int __cxa_guard_acquire(std::int64_t* guard) {
  const int mine = next_acquire(guard);
  if (ums::kernel::Task* const me = current_simulated()) ums::kernel::happens_after(*me, guard);
  return mine;
}

UMS_EXPORT void __cxa_guard_release(std::int64_t* guard) noexcept {
  if (ums::kernel::Task* const me = current_simulated()) ums::kernel::happens_before(*me, guard);
  next_release(guard);
}
