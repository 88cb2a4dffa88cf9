// SPDX-License-Identifier: Apache-2.0
//
// C11's threads, mutexes and condition variables. The C library's make no calls of pthread
// functions that a program could answer; these do, and so are the simulation's where those are. An
// object is the same as its namesake of POSIX.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

#include "sim_kernel/mm/slab.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "ums_api/src/export.h"

namespace {

struct ThreadStart {
  thrd_start_t func;
  void* arg;
};

constinit ums::kernel::ObjectCache<ThreadStart> thread_starts{"c11_thread_start"};

int result_of(int error) noexcept {
  switch (error) {
    case 0:
      return thrd_success;
    case EBUSY:
      return thrd_busy;
    case ENOMEM:
      return thrd_nomem;
    case ETIMEDOUT:
      return thrd_timedout;
    default:
      return thrd_error;
  }
}

void* as_pointer(int result) noexcept {
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(result));
}

int as_result(const void* value) noexcept {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(value));
}

ThreadStart* make_start(thrd_start_t func, void* arg) noexcept {
  const ums::kernel::KernelSection section;
  return thread_starts.create(ThreadStart{func, arg});
}

void free_start(ThreadStart* start) noexcept {
  const ums::kernel::KernelSection section;
  thread_starts.destroy(start);
}

// Not noexcept: thrd_exit unwinds through here.
void* run(void* argument) {
  auto* const passed = static_cast<ThreadStart*>(argument);
  const ThreadStart start = *passed;
  free_start(passed);
  return as_pointer(start.func(start.arg));
}

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t));
static_assert(sizeof(once_flag) == sizeof(pthread_once_t));

pthread_mutex_t* posix(mtx_t* mutex) noexcept { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* posix(cnd_t* condition) noexcept {
  return reinterpret_cast<pthread_cond_t*>(condition);
}

}  // namespace

UMS_EXPORT int thrd_create(thrd_t* thread, thrd_start_t func, void* arg) {
  ThreadStart* const start = make_start(func, arg);
  if (start == nullptr) return thrd_nomem;
  const int error = pthread_create(thread, nullptr, run, start);
  if (error != 0) free_start(start);
  return result_of(error);
}

UMS_EXPORT int thrd_join(thrd_t thread, int* result) {
  void* value = nullptr;
  const int error = pthread_join(thread, &value);
  if (error == 0 && result != nullptr) *result = as_result(value);
  return result_of(error);
}

UMS_EXPORT int thrd_detach(thrd_t thread) { return result_of(pthread_detach(thread)); }

UMS_EXPORT void thrd_exit(int result) { pthread_exit(as_pointer(result)); }

UMS_EXPORT void thrd_yield() { sched_yield(); }

UMS_EXPORT int thrd_sleep(const timespec* span, timespec* left) {
  const int error = clock_nanosleep(CLOCK_REALTIME, 0, span, left);
  if (error == 0) return 0;
  return error == EINTR ? -1 : -2;
}

UMS_EXPORT int mtx_lock(mtx_t* mutex) { return result_of(pthread_mutex_lock(posix(mutex))); }

UMS_EXPORT int mtx_trylock(mtx_t* mutex) { return result_of(pthread_mutex_trylock(posix(mutex))); }

UMS_EXPORT int mtx_timedlock(mtx_t* mutex, const timespec* time) {
  return result_of(pthread_mutex_timedlock(posix(mutex), time));
}

UMS_EXPORT int mtx_unlock(mtx_t* mutex) { return result_of(pthread_mutex_unlock(posix(mutex))); }

UMS_EXPORT int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return result_of(pthread_cond_wait(posix(condition), posix(mutex)));
}

UMS_EXPORT int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* time) {
  return result_of(pthread_cond_timedwait(posix(condition), posix(mutex), time));
}

UMS_EXPORT int cnd_signal(cnd_t* condition) {
  return result_of(pthread_cond_signal(posix(condition)));
}

UMS_EXPORT int cnd_broadcast(cnd_t* condition) {
  return result_of(pthread_cond_broadcast(posix(condition)));
}

UMS_EXPORT void call_once(once_flag* flag, void (*function)()) {
  pthread_once(reinterpret_cast<pthread_once_t*>(flag), function);
}
