// SPDX-License-Identifier: Apache-2.0
//
// The C library keeps who is cancelled. It never sends its signal: it does that only where
// cancellation is asynchronous, which it is not told of.
#include "ums_api/simulated/cancellation.h"

#include <cerrno>

#include "sim_kernel/simulated/find_task.h"
#include "sim_kernel/simulated/interrupt.h"
#include "sim_kernel/simulated/races/happens_before.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/threads.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

#if UMS_SANITIZE_ADDRESS
extern "C" void __asan_handle_no_return();
#endif

namespace ums::api {

namespace {

using kernel::EventKind;
using kernel::sched_point;
using kernel::Task;

constinit NextSymbol<int(pthread_t)> next_cancel{"pthread_cancel"};
constinit NextSymbol<void()> next_testcancel{"pthread_testcancel"};
constinit NextSymbol<int(int, int*)> next_setcanceltype{"pthread_setcanceltype"};

// What it would be told of.
thread_local constinit int type_of_thread __attribute__((tls_model("initial-exec"))) =
    PTHREAD_CANCEL_DEFERRED;

bool cancellation_is_enabled() {
  int state = 0;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
  if (state == PTHREAD_CANCEL_ENABLE) pthread_setcancelstate(state, nullptr);
  return state == PTHREAD_CANCEL_ENABLE;
}

}  // namespace

void act_on_cancellation() {
  Task* const me = kernel::current_or_null;
  if (me != nullptr && me->machine.is_cancelled) [[unlikely]] {
    kernel::happens_after(*me, &me->machine.is_cancelled);
#if UMS_SANITIZE_ADDRESS
    __asan_handle_no_return();  // frames go that it would not see go
#endif
  }
  next_testcancel();
}

void act_on_asynchronous_cancellation() {
  if (type_of_thread == PTHREAD_CANCEL_ASYNCHRONOUS) act_on_cancellation();
}

namespace {

template <typename Wait>
WaitResult cancellably(Task& me, Wait wait) {
  me.machine.cancellable = cancellation_is_enabled();
  const bool woken = wait();
  me.machine.cancellable = false;
  if (!woken) return WaitResult::kTimedOut;
  return me.machine.wait_end.interrupted ? WaitResult::kInterrupted : WaitResult::kWoken;
}

WaitResult act_if_interrupted(WaitResult result) {
  if (result == WaitResult::kInterrupted) act_on_cancellation();
  return result;
}

}  // namespace

WaitResult wait_cancellably(Task& me, const void* address, std::uint64_t deadline) {
  return cancellably(me, [&] { return kernel::futex_wait(me, address, deadline); });
}

WaitResult wait_at_point(Task& me, const void* address, std::uint64_t deadline) {
  return act_if_interrupted(wait_cancellably(me, address, deadline));
}

WaitResult wait_outside_at_point(Task& me, const kernel::OutsideWait& wait,
                                 std::uint64_t deadline) {
  return act_if_interrupted(
      cancellably(me, [&] { return kernel::outside_wait(me, wait, deadline); }));
}

bool answer_cancel(pthread_t thread, int& error) {
  Task* const me = current_simulated();
  if (me == nullptr) return false;
  sched_point(*me, EventKind::kCancel);
  error = 0;
  if (has_ended(thread)) return true;
  error = next_cancel(thread);
  Task* const task = kernel::simulated_task_of(thread);
  if (task != nullptr) {
    task->machine.is_cancelled = true;
    kernel::happens_before(*me, &task->machine.is_cancelled);
  }
  if (task == me) act_on_asynchronous_cancellation();
  if (task != nullptr && task->machine.cancellable) kernel::interrupt(*task);
  return true;
}

}  // namespace ums::api

UMS_EXPORT void pthread_testcancel() {
  using namespace ums::api;
  Task* const me = current_simulated();
  if (me != nullptr) sched_point(*me, EventKind::kPoint);
  act_on_cancellation();
}

UMS_EXPORT int pthread_setcanceltype(int type, int* old) {
  using namespace ums::api;
  Task* const me = current_simulated();
  if (me == nullptr) return next_setcanceltype(type, old);
  if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS) return EINVAL;
  if (old != nullptr) *old = type_of_thread;
  type_of_thread = type;
  act_on_asynchronous_cancellation();
  return 0;
}
