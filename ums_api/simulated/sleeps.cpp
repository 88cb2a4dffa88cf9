// SPDX-License-Identifier: Apache-2.0
//
// Sleeping in a simulation takes virtual time only, and others go on. sched_yield lets anybody go
// on.
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "ums_api/simulated/cancellation.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/virtual_clock.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::sched_point;
using ums::kernel::Task;

constinit NextSymbol<unsigned(unsigned)> next_sleep{"sleep"};
constinit NextSymbol<int(useconds_t)> next_usleep{"usleep"};
constinit NextSymbol<int(const timespec*, timespec*)> next_nanosleep{"nanosleep"};
constinit NextSymbol<int(clockid_t, int, const timespec*, timespec*)> next_clock_nanosleep{
    "clock_nanosleep"};
constinit NextSymbol<int()> next_yield{"sched_yield"};

void sleep_until(Task& me, std::uint64_t deadline) {
  sched_point(me, EventKind::kSleep);
  act_on_cancellation();
  wait_at_point(me, &me, deadline);  // an address that nobody wakes
}

// Returns an error number.
int sleep_for(Task& me, const timespec& span) {
  if (!is_valid(span) || span.tv_sec < 0) return EINVAL;
  sleep_until(me, deadline_after(span));
  return 0;
}

}  // namespace

UMS_EXPORT unsigned sleep(unsigned seconds) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_sleep(seconds);
  sleep_for(*me, {static_cast<time_t>(seconds), 0});
  return 0;
}

UMS_EXPORT int usleep(useconds_t microseconds) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_usleep(microseconds);
  constexpr useconds_t kPerSecond = 1'000'000;
  sleep_for(*me, {microseconds / kPerSecond, static_cast<long>(microseconds % kPerSecond) * 1000});
  return 0;
}

UMS_EXPORT int nanosleep(const timespec* span, timespec* left) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_nanosleep(span, left);
  const int error = sleep_for(*me, *span);
  if (error != 0) errno = error;
  return error == 0 ? 0 : -1;
}

UMS_EXPORT int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_clock_nanosleep(clock, flags, time, left);
  if ((flags & TIMER_ABSTIME) == 0) return sleep_for(*me, *time);
  if (!is_valid(*time)) return EINVAL;
  sleep_until(*me, deadline_of(clock, *time));
  return 0;
}

UMS_EXPORT int sched_yield() noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_yield();
  sched_point(*me, EventKind::kYield);
  act_on_asynchronous_cancellation();
  return 0;
}
