// SPDX-License-Identifier: Apache-2.0
//
// A worker is a thread: its thread_local variables, errno, thread-specific data and pthread_self
// are its own across every yield, exceptions are thrown and caught around yields, and cancelling
// it runs its destructors. The workers below all run on the one scheduler's thread.
//
//     c++ -std=c++20 thread_state.cpp $(pkg-config --cflags --libs libums) && ./a.out
#include <pthread.h>
#include <ums.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace {

constexpr int kWorkers = 6;

ums_completion_list_t list;
pthread_key_t key;
std::atomic<int> key_destructors =
    0;  // they run when the thread is no worker any more: in parallel
int unwound = 0;

void check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "%s: wrong\n", what);
  std::exit(1);
}

void yield() { check(ums_thread_yield(nullptr) == 0, "ums_thread_yield"); }

// ---- what each worker keeps

thread_local std::string own_name;

void keeps_its_state(const std::string& name) {
  const int own_errno = static_cast<unsigned char>(name.back());
  const pthread_t self = pthread_self();
  own_name = name;
  check(pthread_setspecific(key, &own_name) == 0, "pthread_setspecific");
  for (int turn = 0; turn < 3; ++turn) {
    errno = own_errno;
    yield();  // the others set all of this to values of their own
    check(errno == own_errno, "errno");
    check(own_name == name, "thread_local");
    check(pthread_getspecific(key) == &own_name, "pthread_getspecific");
    check(pthread_equal(pthread_self(), self) != 0, "pthread_self");
  }
}

void throws_and_catches(const std::string& name) {
  try {
    yield();
    throw std::runtime_error(name);
  } catch (const std::exception& error) {
    yield();  // other workers throw and catch meanwhile
    check(error.what() == name, "exception");
  }
}

void* work(void* argument) {
  const std::string name = *static_cast<std::string*>(argument);
  keeps_its_state(name);
  throws_and_catches(name);
  return nullptr;
}

// ---- cancellation: acts when the worker runs next and comes to a cancellation point

struct Witness {
  ~Witness() { ++unwound; }
};

void* work_until_cancelled(void*) {
  const Witness witness;
  for (;;) {
    yield();
    pthread_testcancel();
  }
}

// ---- the scheduler

void schedule(ums_reason_t reason, ums_activation_t*, void*) {
  static int left = kWorkers + 1;
  static ums_context_t next = 0;
  if (reason == UMS_SCHEDULER_THREAD_END && --left == 0) pthread_exit(nullptr);
  if (next == 0) check(dequeue_ums_completion_list_items(list, &next) == 0, "dequeue");
  const ums_context_t worker = next;
  next = get_next_ums_list_item(worker);
  check(execute_ums_thread(worker) == 0, "execute_ums_thread");
}

void* scheduler_main(void*) {
  ums_scheduler_startup_info_t info{list, schedule, nullptr};
  enter_ums_scheduling_mode(&info);
  check(false, "enter_ums_scheduling_mode");
  return nullptr;
}

}  // namespace

int main() {
  check(create_ums_completion_list(&list) == 0, "create_ums_completion_list");
  pthread_key_create(&key, [](void*) { ++key_destructors; });

  ums_attr_t attributes{list, nullptr};
  std::string names[kWorkers];
  pthread_t workers[kWorkers];
  for (int i = 0; i < kWorkers; ++i) {
    names[i] = "worker " + std::to_string(i);
    check(ums_pthread_create(&workers[i], &attributes, work, &names[i]) == 0, "create");
  }
  pthread_t cancelled;
  check(ums_pthread_create(&cancelled, &attributes, work_until_cancelled, nullptr) == 0, "create");
  pthread_t scheduler;
  check(pthread_create(&scheduler, nullptr, scheduler_main, nullptr) == 0, "pthread_create");

  for (const pthread_t worker : workers) check(pthread_join(worker, nullptr) == 0, "join");
  void* result = nullptr;
  check(pthread_cancel(cancelled) == 0, "pthread_cancel");
  check(pthread_join(cancelled, &result) == 0, "join");
  check(result == PTHREAD_CANCELED, "result of a cancelled worker");
  check(pthread_join(scheduler, nullptr) == 0, "join");
  check(unwound == 1, "destructors of a cancelled worker");
  check(key_destructors == kWorkers, "destructors of thread-specific data");

  std::printf("%d workers kept their state on one scheduler's thread\n", kWorkers);
  return delete_ums_completion_list(&list);
}
