// SPDX-License-Identifier: Apache-2.0
//
// futex(2) by syscall(2) in a simulation: std::atomic's wait, the guards of static variables, and
// programs' own locks.
// LIMIT: FUTEX_WAIT, FUTEX_WAKE and their kin with bits and clocks. Others go to Linux.
#include <linux/futex.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <ctime>

#include "sim_kernel/simulated/futex.h"
#include "ums_api/simulated/cancellation.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/system_futex.h"
#include "ums_api/simulated/virtual_clock.h"

namespace ums::api {

namespace {

using kernel::EventKind;
using kernel::Task;

struct FutexCall {
  std::uint32_t* word;
  int operation;
  std::uint32_t value;
  const timespec* time;
};

std::uint64_t deadline_of_call(const FutexCall& call, int command) noexcept {
  if (call.time == nullptr) return kernel::kNever;
  if (command == FUTEX_WAIT) return deadline_after(*call.time);
  const bool of_the_day = (call.operation & FUTEX_CLOCK_REALTIME) != 0;
  return deadline_of(of_the_day ? CLOCK_REALTIME : CLOCK_MONOTONIC, *call.time);
}

long wait(Task& me, const FutexCall& call, int command) {
  kernel::sched_point(me, EventKind::kWait, call.word);
  if (call.time != nullptr && !is_valid(*call.time)) return -EINVAL;
  const std::uint64_t deadline = deadline_of_call(call, command);
  do {
    if (std::atomic_ref(*call.word).load() != call.value) return -EAGAIN;
    if (!kernel::futex_wait(me, call.word, deadline)) return -ETIMEDOUT;
    if (!me.machine.wait_end.interrupted) return 0;
  } while (!is_cut_short(me));
  return -EINTR;
}

long wake(Task& me, const FutexCall& call) {
  kernel::sched_point(me, EventKind::kWake, call.word);
  return kernel::futex_wake(call.word, static_cast<int>(call.value));
}

}  // namespace

bool answer_futex(const long (&arguments)[6], long& result) {
  Task* const me = current_simulated();
  if (me == nullptr) return false;
  const FutexCall call = {reinterpret_cast<std::uint32_t*>(arguments[0]),
                          static_cast<int>(arguments[1]), static_cast<std::uint32_t>(arguments[2]),
                          reinterpret_cast<const timespec*>(arguments[3])};
  const int command = call.operation & FUTEX_CMD_MASK;
  switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
      result = wait(*me, call, command);
      return true;
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
      result = wake(*me, call);
      return true;
    default:
      return false;
  }
}

}  // namespace ums::api
