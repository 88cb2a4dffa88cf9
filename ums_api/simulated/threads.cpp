// SPDX-License-Identifier: Apache-2.0
//
// Threads in a simulation: a new one is captured before its creator goes on, and joining gives up
// the processor. Elsewhere the functions are the C library's.
#include <pthread.h>

#include <boost/intrusive/list.hpp>
#include <cerrno>

#include "sim_kernel/base/never_destroyed.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/simulated/find_task.h"
#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/races/happens_before.h"
#include "sim_kernel/simulated/simulated_thread.h"
#include "sim_kernel/simulated/simulation.h"
#include "ums_api/simulated/affinity.h"
#include "ums_api/simulated/cancellation.h"
#include "ums_api/simulated/captured_threads.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/threads.h"
#include "ums_api/simulated/virtual_clock.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace ums::api {

namespace {

using kernel::SimulatedThread;
using kernel::Task;

constinit kernel::ObjectCache<SimulatedThread> threads{"simulated_thread"};

using ThreadList = boost::intrusive::list<
    SimulatedThread,
    boost::intrusive::member_hook<SimulatedThread, boost::intrusive::list_member_hook<>,
                                  &SimulatedThread::hook>,
    boost::intrusive::constant_time_size<false>>;

UMS_NEVER_DESTROYED kernel::NeverDestroyed<ThreadList> known;

constinit NextSymbol<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)> next_create{
    "pthread_create"};
constinit NextSymbol<int(pthread_t, void**)> next_join{"pthread_join"};
constinit NextSymbol<int(pthread_t, void**)> next_tryjoin{"pthread_tryjoin_np"};
constinit NextSymbol<int(pthread_t, void**, const timespec*)> next_timedjoin{
    "pthread_timedjoin_np"};
constinit NextSymbol<int(pthread_t, void**, clockid_t, const timespec*)> next_clockjoin{
    "pthread_clockjoin_np"};
constinit NextSymbol<int(pthread_t)> next_detach{"pthread_detach"};
constinit NextSymbol<void(void*)> next_exit{"pthread_exit"};

}  // namespace

SimulatedThread* find_thread(pthread_t handle) noexcept {
  SimulatedThread* const first = kernel::simulation_first_thread();
  if (first != nullptr && first->handle == handle) return first;
  for (SimulatedThread& thread : *known) {
    if (thread.handle == handle) return &thread;
  }
  return nullptr;
}

namespace {

bool is_detached(const pthread_attr_t* attributes) noexcept {
  int state = PTHREAD_CREATE_JOINABLE;
  return attributes != nullptr && pthread_attr_getdetachstate(attributes, &state) == 0 &&
         state == PTHREAD_CREATE_DETACHED;
}

void forget(SimulatedThread& thread) noexcept {
  kernel::forget_order_of(&thread);
  known->erase(known->iterator_to(thread));
  threads.destroy(&thread);
}

void forget_detached() noexcept {
  for (auto at = known->begin(); at != known->end();) {
    SimulatedThread& thread = *at++;
    if (thread.ended && thread.detached) forget(thread);
  }
}

// A thread of whom we have forked had the handle: it is not here.
void forget_namesake(pthread_t handle) noexcept {
  if (SimulatedThread* const namesake = find_thread(handle)) forget(*namesake);
}

// Whether it has ended by then.
bool wait_for_end(Task& me, const SimulatedThread& thread, std::uint64_t deadline) {
  kernel::announce(me, kernel::EventKind::kJoin, &thread);
  if (thread.ended) kernel::let_others_go_on(me);
  act_on_cancellation();
  while (!thread.ended) {
    if (wait_at_point(me, &thread, deadline) == WaitResult::kTimedOut) return false;
  }
  return true;
}

// A thread of the simulation that the caller waits for, or null: the C library knows better, also
// of who would wait for itself.
SimulatedThread* thread_to_join(pthread_t handle) noexcept {
  if (current_simulated() == nullptr || handle == pthread_self()) return nullptr;
  return find_thread(handle);
}

// The first thread is left to the C library, which has it until all others have ended.
int join_ended(SimulatedThread& thread, void** value) {
  kernel::happens_after(*current_simulated(), &thread);
  if (&thread == kernel::simulation_first_thread()) {
    if (value != nullptr) *value = thread.value;
    return 0;
  }
  const int error = join_captured(thread, value);
  forget(thread);
  return error;
}

int join_until(SimulatedThread& thread, void** value, clockid_t clock, const timespec* time) {
  if (!is_valid(*time)) return EINVAL;
  if (!wait_for_end(*current_simulated(), thread, deadline_of(clock, *time))) return ETIMEDOUT;
  return join_ended(thread, value);
}

}  // namespace

// Of those that we have not made there is one: the first.
Task* task_of_handle(pthread_t handle) noexcept {
  const SimulatedThread* const thread = find_thread(handle);
  if (thread == nullptr) return kernel::simulated_task(0);
  return thread->ended ? nullptr : thread->task;
}

bool has_ended(pthread_t handle) noexcept {
  const SimulatedThread* const thread = find_thread(handle);
  return thread != nullptr && thread->ended;
}

const SimulatedThread* find_unjoined_thread() noexcept {
  for (const SimulatedThread& thread : *known) {
    if (thread.ended && !thread.detached) return &thread;
  }
  return nullptr;
}

bool wait_for_thread(pthread_t handle) noexcept {
  const SimulatedThread& thread = *find_thread(handle);
  Task& me = *current_simulated();
  me.machine.is_bystander = true;
  if (!thread.ended) kernel::futex_wait(me, &thread);
  return thread.ended;
}

}  // namespace ums::api

UMS_EXPORT int pthread_create(pthread_t* handle, const pthread_attr_t* attributes,
                              void* (*func)(void*), void* arg) noexcept {
  using namespace ums::api;
  Task* const me = current_simulated();
  if (me == nullptr) return next_create(handle, attributes, func, arg);
  ums::kernel::sched_point(*me, ums::kernel::EventKind::kCreate);
  SimulatedThread* const thread = threads.create(func, arg);
  if (thread == nullptr) return EAGAIN;
  const NewAffinity affinity(*me, attributes);
  thread->affinity = affinity.mask();
  const int error = affinity.mask() == 0 ? EINVAL : create_captured(attributes, *thread);
  if (error != 0) {
    threads.destroy(thread);
    return error;
  }
  ums::kernel::happens_before_task(*me, *thread->task);
  *handle = thread->handle;
  thread->detached = is_detached(attributes);
  forget_detached();
  forget_namesake(thread->handle);
  known->push_back(*thread);
  return 0;
}

UMS_EXPORT int pthread_join(pthread_t handle, void** value) {
  using namespace ums::api;
  SimulatedThread* const thread = thread_to_join(handle);
  if (thread == nullptr) return next_join(handle, value);
  wait_for_end(*current_simulated(), *thread, ums::kernel::kNever);
  return join_ended(*thread, value);
}

UMS_EXPORT int pthread_tryjoin_np(pthread_t handle, void** value) noexcept {
  using namespace ums::api;
  SimulatedThread* const thread = thread_to_join(handle);
  if (thread == nullptr) return next_tryjoin(handle, value);
  ums::kernel::sched_point(*current_simulated(), ums::kernel::EventKind::kJoin, thread);
  return thread->ended ? join_ended(*thread, value) : EBUSY;
}

UMS_EXPORT int pthread_timedjoin_np(pthread_t handle, void** value, const timespec* time) {
  using namespace ums::api;
  SimulatedThread* const thread = time != nullptr ? thread_to_join(handle) : nullptr;
  if (thread == nullptr) return next_timedjoin(handle, value, time);
  return join_until(*thread, value, CLOCK_REALTIME, time);
}

UMS_EXPORT int pthread_clockjoin_np(pthread_t handle, void** value, clockid_t clock,
                                    const timespec* time) {
  using namespace ums::api;
  SimulatedThread* const thread = time != nullptr ? thread_to_join(handle) : nullptr;
  if (thread == nullptr) return next_clockjoin(handle, value, clock, time);
  return join_until(*thread, value, clock, time);
}

UMS_EXPORT int pthread_detach(pthread_t handle) noexcept {
  using namespace ums::api;
  const int error = next_detach(handle);
  const bool is_known = error == 0 && current_simulated() != nullptr;
  SimulatedThread* const thread = is_known ? find_thread(handle) : nullptr;
  if (thread != nullptr) thread->detached = true;
  return error;
}

// Of the first thread nobody else could say later what it has returned.
UMS_EXPORT void pthread_exit(void* value) {
  using namespace ums::api;
  const Task* const me = current_simulated();
  if (me != nullptr) me->machine.thread->value = value;
  next_exit(value);
  __builtin_unreachable();
}
