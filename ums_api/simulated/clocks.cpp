// SPDX-License-Identifier: Apache-2.0
//
// Clocks in a simulation read virtual time. A look takes some of it (clock_loop.h), so that a loop
// which waits for a moment comes to its end.
#include <sys/time.h>

#include <ctime>

#include "sim_kernel/simulated/clock_loop.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/virtual_clock.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::sched_point;
using ums::kernel::Task;

constinit NextSymbol<int(clockid_t, timespec*)> next_clock_gettime{"clock_gettime"};
constinit NextSymbol<int(timeval*, void*)> next_gettimeofday{"gettimeofday"};
constinit NextSymbol<time_t(time_t*)> next_time{"time"};
constinit NextSymbol<int(timespec*, int)> next_timespec_get{"timespec_get"};

bool is_virtual(clockid_t clock) noexcept {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
      return true;
    default:
      return false;  // of processors' time, and of devices
  }
}

timespec look_at(Task& me, clockid_t clock) {
  sched_point(me, EventKind::kClock);
  ums::kernel::wait_in_clock_loop(me);
  return clock_now(clock);
}

}  // namespace

UMS_EXPORT int clock_gettime(clockid_t clock, timespec* time) noexcept {
  Task* const me = is_virtual(clock) ? current_simulated() : nullptr;
  if (me == nullptr) return next_clock_gettime(clock, time);
  *time = look_at(*me, clock);
  return 0;
}

UMS_EXPORT int gettimeofday(timeval* time, void* zone) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_gettimeofday(time, zone);
  const timespec now = look_at(*me, CLOCK_REALTIME);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

UMS_EXPORT time_t time(time_t* seconds) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_time(seconds);
  const time_t now = look_at(*me, CLOCK_REALTIME).tv_sec;
  if (seconds != nullptr) *seconds = now;
  return now;
}

UMS_EXPORT int timespec_get(timespec* time, int base) noexcept {
  Task* const me = base == TIME_UTC ? current_simulated() : nullptr;
  if (me == nullptr) return next_timespec_get(time, base);
  *time = look_at(*me, CLOCK_REALTIME);
  return base;
}
