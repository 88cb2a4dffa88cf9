// SPDX-License-Identifier: Apache-2.0
//
// Sleeping in a simulation takes virtual time only, and others go on. sched_yield lets anybody go
// on. LINUX: who sleeps for longer than there is time does so until its end. SIM: the same.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
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
using ums::kernel::kEndOfTime;
using ums::kernel::sched_point;
using ums::kernel::Task;

constinit NextSymbol<unsigned(unsigned)> next_sleep{"sleep"};
constinit NextSymbol<int(useconds_t)> next_usleep{"usleep"};
constinit NextSymbol<int(const timespec*, timespec*)> next_nanosleep{"nanosleep"};
constinit NextSymbol<int(clockid_t, int, const timespec*, timespec*)> next_clock_nanosleep{
    "clock_nanosleep"};
constinit NextSymbol<int()> next_yield{"sched_yield"};

// Returns an error number: EINTR where a handler has run meanwhile.
int sleep_until(Task& me, std::uint64_t deadline) {
  sched_point(me, EventKind::kSleep);
  act_on_cancellation();
  for (;;) {  // for an address that nobody wakes
    if (wait_at_point(me, &me, deadline) == WaitResult::kTimedOut) return 0;
    if (has_handled_signal(me)) return EINTR;
  }
}

// `left`: of `span`, where a handler has run meanwhile.
int sleep_for(Task& me, const timespec& span, timespec* left) {
  if (!is_valid(span) || span.tv_sec < 0) return EINVAL;
  const std::uint64_t deadline = std::min(deadline_after(span), kEndOfTime);
  const int error = sleep_until(me, deadline);
  if (error == EINTR && left != nullptr) *left = time_until(deadline);
  return error;
}

}  // namespace

UMS_EXPORT unsigned sleep(unsigned seconds) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_sleep(seconds);
  timespec left{};
  sleep_for(*me, {static_cast<time_t>(seconds), 0}, &left);
  return static_cast<unsigned>(left.tv_sec);
}

UMS_EXPORT int usleep(useconds_t microseconds) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_usleep(microseconds);
  constexpr useconds_t kPerSecond = 1'000'000;
  const timespec span = {microseconds / kPerSecond,
                         static_cast<long>(microseconds % kPerSecond) * 1000};
  return nanosleep(&span, nullptr);
}

UMS_EXPORT int nanosleep(const timespec* span, timespec* left) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_nanosleep(span, left);
  const int error = sleep_for(*me, *span, left);
  if (error != 0) errno = error;
  return error == 0 ? 0 : -1;
}

UMS_EXPORT int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_clock_nanosleep(clock, flags, time, left);
  if ((flags & TIMER_ABSTIME) == 0) return sleep_for(*me, *time, left);
  if (!is_valid(*time)) return EINVAL;
  return sleep_until(*me, std::min(deadline_of(clock, *time), kEndOfTime));
}

UMS_EXPORT int sched_yield() noexcept {
  Task* const me = current_simulated();
  if (me == nullptr) return next_yield();
  sched_point(*me, EventKind::kYield);
  act_on_asynchronous_cancellation();
  return 0;
}
