// SPDX-License-Identifier: Apache-2.0
//
// What threads wait for each other with, in a simulation: it does what it does elsewhere, under
// whatever order, and who waits lets the others go on.
#include <gtest/gtest.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/time.h>
#include <ums/ums_sim.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

using namespace std::chrono_literals;
using explore::run_many;
using explore::Verdict;

TEST(Primitives, ConditionVariable) {
  expect_right([] {
    std::mutex mutex;
    std::condition_variable condition;
    std::vector<int> queue;
    int sum = 0;
    const auto produce = [&] {
      for (int i = 1; i <= 3; ++i) {
        const std::lock_guard guard(mutex);
        queue.push_back(i);
        condition.notify_one();
      }
    };
    run_beside(produce, produce, [&] {
      for (int i = 0; i < 6; ++i) {
        std::unique_lock lock(mutex);
        condition.wait(lock, [&] { return !queue.empty(); });
        sum += queue.back();
        queue.pop_back();
      }
    });
    EXPECT_EQ(sum, 12);
  });
}

TEST(Primitives, LostWakeUpIsADeadlock) {
  explore::RandomStrategy strategy(1);
  const explore::Exploration found = run_many(strategy, 1000, [] {
    std::mutex mutex;
    std::condition_variable condition;
    std::atomic<bool> ready{false};
    run_beside(
        [&] {
          if (ready) return;
          std::unique_lock lock(mutex);
          condition.wait(lock);  // too late, perhaps
        },
        [&] {
          const std::lock_guard guard(mutex);
          ready = true;
          condition.notify_one();
        });
    return true;
  });
  EXPECT_EQ(found.verdict, Verdict::kDeadlock);
}

TEST(Primitives, ReadWriteLock) {
  expect_right([] {
    std::shared_mutex mutex;
    int readers = 0;
    int writers = 0;
    const auto read = [&] {
      const std::shared_lock lock(mutex);
      ++readers;
      EXPECT_EQ(writers, 0);
      std::this_thread::yield();
      --readers;
    };
    const auto write = [&] {
      const std::unique_lock lock(mutex);
      ++writers;
      EXPECT_EQ(readers, 0);
      std::this_thread::yield();
      EXPECT_EQ(writers--, 1);
    };
    run_beside(read, write, read, write);
  });
}

TEST(Primitives, WriterIsToldThatItHasTheLock) {
  expect_right([] {
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    const timespec soon = {2'000'000'000, 0};
    const auto write = [&] {
      ASSERT_EQ(pthread_rwlock_wrlock(&lock), 0);
      EXPECT_EQ(pthread_rwlock_wrlock(&lock), EDEADLK);
      EXPECT_EQ(pthread_rwlock_rdlock(&lock), EDEADLK);
      EXPECT_EQ(pthread_rwlock_timedwrlock(&lock, &soon), EDEADLK);
      EXPECT_EQ(pthread_rwlock_timedrdlock(&lock, &soon), EDEADLK);
      EXPECT_EQ(pthread_rwlock_trywrlock(&lock), EBUSY);
      EXPECT_EQ(pthread_rwlock_tryrdlock(&lock), EBUSY);
      EXPECT_EQ(pthread_rwlock_unlock(&lock), 0);
    };
    run_beside(write, write);
  });
}

TEST(Primitives, Semaphore) {
  expect_right([] {
    sem_t free;
    sem_init(&free, 0, 2);
    int inside = 0;
    const auto enter = [&] {
      EXPECT_EQ(sem_wait(&free), 0);
      EXPECT_LE(++inside, 2);
      std::this_thread::yield();
      --inside;
      EXPECT_EQ(sem_post(&free), 0);
    };
    run_beside(enter, enter, enter);
    sem_destroy(&free);
  });
}

TEST(Primitives, Barrier) {
  expect_right([] {
    pthread_barrier_t barrier;
    ASSERT_EQ(pthread_barrier_init(&barrier, nullptr, 3), 0);
    std::array<int, 3> come{};
    int serial = 0;
    const auto meet = [&] {
      for (int& each : come) {
        ++each;
        serial += pthread_barrier_wait(&barrier) != 0 ? 1 : 0;
        EXPECT_EQ(each, 3);
      }
    };
    run_beside(meet, meet, meet);
    EXPECT_EQ(serial, 3);
    EXPECT_EQ(pthread_barrier_destroy(&barrier), 0);
  });
}

TEST(Primitives, Spinlock) {
  expect_right([] {
    pthread_spinlock_t lock;
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    int inside = 0;
    const auto enter = [&] {
      pthread_spin_lock(&lock);
      EXPECT_EQ(++inside, 1);
      std::this_thread::yield();
      --inside;
      pthread_spin_unlock(&lock);
    };
    run_beside(enter, enter);
    pthread_spin_destroy(&lock);
  });
}

TEST(Primitives, OnceIsOnceAndAgainAfterAnException) {
  expect_right([] {
    std::once_flag flag;
    int calls = 0;
    const auto call = [&] {
      try {
        std::call_once(flag, [&] {
          std::this_thread::yield();
          if (++calls == 1) throw std::runtime_error("the first time");
        });
      } catch (const std::runtime_error&) {
      }
      EXPECT_GE(calls, 1);
    };
    run_beside(call, call, call);
    EXPECT_EQ(calls, 2);
  });
}

struct MadeSlowly {
  MadeSlowly() {
    std::this_thread::yield();
    value = 1;
  }
  int value = 0;
};

// A variable for each seed: each is made once in a process.
template <std::uint64_t kSeed>
void look_at_static_variable() {
  explore::RandomStrategy strategy(kSeed);
  const auto look = [] {
    static const MadeSlowly made;
    EXPECT_EQ(made.value, 1);
  };
  EXPECT_FALSE(run_many(strategy, 1, [&] {
                 run_beside(look, look, look);
                 return true;
               }).failed());
}

TEST(Primitives, StaticVariable) {
  look_at_static_variable<1>();
  look_at_static_variable<2>();
  look_at_static_variable<3>();
  look_at_static_variable<4>();
}

TEST(Primitives, AtomicWait) {
  expect_right([] {
    std::atomic<int> turn{0};
    std::string order;
    const auto take_turns = [&](int mine) {
      for (int now = mine; now < 6; now += 2) {
        for (int seen = 0; (seen = turn.load()) != now;) turn.wait(seen);
        order += static_cast<char>('0' + now);
        ++turn;
        turn.notify_all();
      }
    };
    run_beside([&] { take_turns(0); }, [&] { take_turns(1); });
    EXPECT_EQ(order, "012345");
  });
}

TEST(Primitives, RecursiveAndCheckedMutexes) {
  expect_right([] {
    std::recursive_mutex recursive;
    int count = 0;
    const auto twice = [&] {
      const std::lock_guard outer(recursive);
      const std::lock_guard inner(recursive);
      ++count;
    };
    run_beside(twice, twice);
    EXPECT_EQ(count, 2);

    pthread_mutex_t checked = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
    EXPECT_EQ(pthread_mutex_lock(&checked), 0);
    EXPECT_EQ(pthread_mutex_lock(&checked), EDEADLK);
    EXPECT_EQ(pthread_mutex_unlock(&checked), 0);
    EXPECT_EQ(pthread_mutex_unlock(&checked), EPERM);
  });
}

TEST(Primitives, ThreadsAreJoinedAndDetached) {
  expect_right([] {
    pthread_t thread;
    const auto yield = [](void* result) -> void* {
      std::this_thread::yield();
      return result;
    };
    int here = 0;
    ASSERT_EQ(pthread_create(&thread, nullptr, yield, &here), 0);
    void* result = nullptr;
    int error = 0;
    while ((error = pthread_tryjoin_np(thread, &result)) == EBUSY) std::this_thread::yield();
    EXPECT_EQ(error, 0);
    EXPECT_EQ(result, &here);

    std::atomic<bool> ended{false};
    std::thread([&] {
      ended = true;
      ended.notify_one();
    }).detach();
    ended.wait(false);
  });
}

// ---- time

TEST(VirtualTime, SleepersWakeInOrderAndAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  expect_right([] {
    const auto start = std::chrono::steady_clock::now();
    std::string order;
    const auto sleep_until_called = [&](char name, auto span) {
      std::this_thread::sleep_for(span);
      order += name;
    };
    run_beside([&] { sleep_until_called('c', 3h); }, [&] { sleep_until_called('a', 1h); },
               [&] { sleep_until_called('b', 2h); });
    EXPECT_EQ(order, "abc");
    const auto passed = std::chrono::steady_clock::now() - start;
    EXPECT_GE(passed, 3h);
    EXPECT_LT(passed, 3h + 1s);
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1h) << "real time";
}

TEST(VirtualTime, ComputingTakesWhatItSays) {
  const auto begin = std::chrono::steady_clock::now();
  expect_right([] {
    const auto start = std::chrono::steady_clock::now();
    ums_sim_compute(3'600'000'000'000);
    const auto passed = std::chrono::steady_clock::now() - start;
    EXPECT_GE(passed, 1h);
    EXPECT_LT(passed, 1h + 1s);
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1h) << "real time";
}

constexpr timespec kLongest = {LONG_MAX, 999'999'999};
constexpr auto kYear = 365 * 24h;

// LINUX: who sleeps for longer than time can be counted sleeps until its end. SIM: the same.
TEST(VirtualTime, HasAnEnd) {
  expect_right([] {
    std::thread sleeper([] { EXPECT_EQ(nanosleep(&kLongest, nullptr), 0); });
    std::this_thread::sleep_for(1h);
    sleeper.join();
    const auto end = std::chrono::steady_clock::now();
    EXPECT_GT(end.time_since_epoch(), 200 * kYear);
    EXPECT_GT(std::chrono::system_clock::now().time_since_epoch(), 250 * kYear);
    ums_sim_compute(ULLONG_MAX);
    EXPECT_EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &kLongest, nullptr), 0);
    EXPECT_EQ(usleep(1), 0);
    std::timed_mutex mutex;
    const std::lock_guard guard(mutex);
    run_beside([&] { EXPECT_FALSE(mutex.try_lock_for(1h)); });
    EXPECT_EQ(std::chrono::steady_clock::now(), end);
  });
}

TEST(VirtualTime, AlarmsComeUntilItsEnd) {
  explore::RandomStrategy strategy(1);
  EXPECT_FALSE(explore::run_many(strategy, 5, [] {
                 signal(SIGALRM, [](int) {});
                 const timeval years = {std::chrono::seconds(100 * kYear).count(), 0};
                 const itimerval alarm = {years, years};
                 EXPECT_EQ(setitimer(ITIMER_REAL, &alarm, nullptr), 0);
                 int rung = 0;
                 while (nanosleep(&kLongest, nullptr) != 0 && rung < 5) ++rung;
                 EXPECT_TRUE(rung == 2 || rung == 3) << rung;
                 const itimerval never = {{LONG_MAX, 0}, {LONG_MAX, 0}};
                 EXPECT_EQ(setitimer(ITIMER_REAL, &never, nullptr), 0);
                 EXPECT_EQ(sleep(1), 0U);
                 const itimerval none{};
                 EXPECT_EQ(setitimer(ITIMER_REAL, &none, nullptr), 0);
                 signal(SIGALRM, SIG_DFL);
                 return !testing::Test::HasFailure();
               }).failed());
}

TEST(VirtualTime, TimedWaitsTimeOut) {
  expect_right([] {
    // One that waits for a thread which sleeps for longer.
    pthread_t sleeper;
    const auto sleep = [](void*) -> void* {
      std::this_thread::sleep_for(1h);
      return nullptr;
    };
    ASSERT_EQ(pthread_create(&sleeper, nullptr, sleep, nullptr), 0);
    timespec soon{};
    clock_gettime(CLOCK_MONOTONIC, &soon);
    soon.tv_sec += 10;
    EXPECT_EQ(pthread_clockjoin_np(sleeper, nullptr, CLOCK_MONOTONIC, &soon), ETIMEDOUT);
    EXPECT_EQ(pthread_join(sleeper, nullptr), 0);

    std::timed_mutex mutex;
    std::condition_variable condition;
    std::mutex its_mutex;
    const std::lock_guard guard(mutex);
    run_beside([&] { EXPECT_FALSE(mutex.try_lock_for(5s)); },
               [&] {
                 std::unique_lock lock(its_mutex);
                 EXPECT_EQ(condition.wait_for(lock, 7s), std::cv_status::timeout);
               });
  });
}

// One who waits with a limit is woken by a release, and somebody else is faster.
TEST(VirtualTime, LimitHoldsAlsoForWhoWasWokenInVain) {
  expect_right([] {
    std::timed_mutex mutex;
    const auto hold = [&] {
      const std::lock_guard guard(mutex);
      std::this_thread::sleep_for(1h);
    };
    std::thread a(hold);
    std::thread b(hold);
    run_beside([&] {
      const auto start = std::chrono::steady_clock::now();
      if (mutex.try_lock_for(90min)) mutex.unlock();
      EXPECT_LT(std::chrono::steady_clock::now() - start, 91min);
    });
    a.join();
    b.join();
  });
}

TEST(VirtualTime, LoopThatWaitsForAMomentEnds) {
  expect_right([] {
    const auto end = std::chrono::steady_clock::now() + 10us;
    while (std::chrono::steady_clock::now() < end) {
    }
  });
}

}  // namespace
}  // namespace ums::test
