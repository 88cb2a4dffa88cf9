// SPDX-License-Identifier: Apache-2.0
//
// What orders the accesses of two threads, so that they are no race, and what does not.
#include <cxxabi.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <semaphore.h>

#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "instrumented/races.h"
#include "instrumented/steps.h"

namespace ums::test {
namespace {

using Orders = Races;

TEST_F(Orders, CreateAndJoin) {
  expect_none([] {
    int value = 0;
    write_int(&value, 1);
    std::thread([&] { increment(&value); }).join();
    std::thread([&] { increment(&value); }).join();
    EXPECT_EQ(read_int(&value), 3);
  });
}

TEST_F(Orders, BeforeJoin) {
  expect_race([] {
    int value = 0;
    std::thread thread([&] { increment(&value); });
    read_int(&value);
    thread.join();
  });
}

TEST_F(Orders, Mutex) {
  std::mutex mutex;
  int value = 0;
  const auto add = [&] {
    const std::lock_guard guard(mutex);
    increment(&value);
  };
  expect_none([&] { run_two(add, add); });
  const auto try_to_add = [&] {
    if (!mutex.try_lock()) return;
    increment(&value);
    mutex.unlock();
  };
  expect_none([&] { run_two(add, try_to_add); });
}

TEST_F(Orders, TwoMutexes) {
  std::mutex mutexes[2];
  int value = 0;
  const auto add = [&](std::mutex& mutex) {
    const std::lock_guard guard(mutex);
    increment(&value);
  };
  expect_race([&] { run_two([&] { add(mutexes[0]); }, [&] { add(mutexes[1]); }); });
}

TEST_F(Orders, ReadWriteLock) {
  std::shared_mutex mutex;
  int value = 0;
  const auto add = [&] {
    const std::lock_guard guard(mutex);
    increment(&value);
  };
  const auto read = [&] {
    const std::shared_lock guard(mutex);
    read_int(&value);
  };
  const auto add_as_reader = [&] {
    const std::shared_lock guard(mutex);
    increment(&value);
  };
  expect_none([&] { run_two(add, read); });
  expect_none([&] { run_two(read, read); });
  expect_race([&] { run_two(add_as_reader, read); });
}

TEST_F(Orders, Spinlock) {
  pthread_spinlock_t lock;
  pthread_spin_init(&lock, 0);
  int value = 0;
  const auto add = [&] {
    pthread_spin_lock(&lock);
    increment(&value);
    pthread_spin_unlock(&lock);
  };
  const auto try_to_add = [&] {
    if (pthread_spin_trylock(&lock) != 0) return;
    increment(&value);
    pthread_spin_unlock(&lock);
  };
  expect_none([&] { run_two(add, try_to_add); });
}

TEST_F(Orders, Semaphore) {
  expect_none([] {
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    int value = 0;
    const auto post = [&] {
      increment(&value);
      sem_post(&semaphore);
    };
    const auto wait = [&] {
      if (sem_trywait(&semaphore) != 0) sem_wait(&semaphore);
      increment(&value);
    };
    run_two(post, wait);
  });
}

TEST_F(Orders, ConditionVariable) {
  expect_none([] {
    std::mutex mutex;
    std::condition_variable condition;
    bool ready = false;
    int value = 0;
    const auto make = [&] {
      increment(&value);
      const std::lock_guard guard(mutex);
      ready = true;
      condition.notify_one();
    };
    const auto use = [&] {
      std::unique_lock guard(mutex);
      condition.wait(guard, [&] { return ready; });
      increment(&value);
    };
    run_two(make, use);
  });
}

TEST_F(Orders, Barrier) {
  expect_none([] {
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, nullptr, 2);
    int values[2] = {};
    const auto run = [&](int mine) {
      write_int(&values[mine], 1);
      pthread_barrier_wait(&barrier);
      read_int(&values[1 - mine]);
    };
    run_two([&] { run(0); }, [&] { run(1); });
    pthread_barrier_destroy(&barrier);
  });
}

pthread_once_t once = PTHREAD_ONCE_INIT;
int made_once = 0;

TEST_F(Orders, Once) {
  expect_none([] {
    once = PTHREAD_ONCE_INIT;
    const auto use = [] {
      pthread_once(&once, [] { write_int(&made_once, 1); });
      read_int(&made_once);
    };
    run_two(use, use);
  });
}

// What the compiler makes of a static variable in a function.
TEST_F(Orders, GuardOfStaticVariable) {
  expect_none([] {
    alignas(8) int guard[2] = {};
    const auto use = [&] {
      auto* const its_guard = reinterpret_cast<__cxxabiv1::__guard*>(guard);
      if ((load_acquire(guard) & 1) == 0 && __cxxabiv1::__cxa_guard_acquire(its_guard) != 0) {
        write_int(&made_once, 1);
        __cxxabiv1::__cxa_guard_release(its_guard);
      }
      read_int(&made_once);
    };
    run_two(use, use);
  });
}

// `send` and `receive` are about the flag; a receiver that has come too early reads nothing.
void pass_by_flag(void (*send)(int*, int), int (*receive)(const int*)) {
  alignas(8) int flag = 0;
  alignas(8) int value = 0;
  run_two(
      [&] {
        write_int(&value, 1);
        send(&flag, 1);
      },
      [&] {
        while (receive(&flag) == 0) {
        }
        read_int(&value);
      });
}

void fence_and_store(int* place, int value) {
  fence_release();
  store_relaxed(place, value);
}

int load_and_fence(const int* place) {
  const int value = load_relaxed(place);
  fence_acquire();
  return value;
}

TEST_F(Orders, ReleaseAndAcquire) {
  expect_none([] { pass_by_flag(store_release, load_acquire); });
  expect_none([] { pass_by_flag(store, load); });
  expect_none([] { pass_by_flag(fence_and_store, load_acquire); });
  expect_none([] { pass_by_flag(store_release, load_and_fence); });
  expect_none([] { pass_by_flag(fence_and_store, load_and_fence); });
}

TEST_F(Orders, RelaxedOrdersNothing) {
  expect_race([] { pass_by_flag(store_relaxed, load_acquire); });
  expect_race([] { pass_by_flag(store_release, load_relaxed); });
  expect_race([] { pass_by_flag(store_relaxed, load_relaxed); });
}

// A relaxed update carries a release on; a relaxed store ends it.
TEST_F(Orders, ReleaseSequence) {
  const auto release_then = [](void (*second)(int*)) {
    alignas(8) int flag = 0;
    alignas(8) int value = 0;
    const auto send = [&] {
      write_int(&value, 1);
      store_release(&flag, 1);
      second(&flag);
    };
    const auto receive = [&] {
      load_acquire(&flag);
      read_int(&value);
    };
    after_all_of(send, receive);
  };
  expect_none([&] { release_then([](int* flag) { add_relaxed(flag, 1); }); });
  expect_race([&] { release_then([](int* flag) { store_relaxed(flag, 2); }); });
}

TEST_F(Orders, OwnSpinlock) {
  int lock = 0;
  int value = 0;
  const auto add = [&] {
    spin_lock(&lock);
    increment(&value);
    spin_unlock(&lock);
  };
  expect_none([&] { run_two(add, add); });
}

}  // namespace
}  // namespace ums::test
