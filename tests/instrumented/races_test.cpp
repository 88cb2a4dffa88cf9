// SPDX-License-Identifier: Apache-2.0
//
// Data races are found in any order of the steps, with both places; what is ordered is none.
#include <cxxabi.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "instrumented/steps.h"
#include "instrumented/two_threads.h"
#include "sim_kernel/mm/fault_inject.h"
#include "sim_kernel/simulated/races/race_report.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {
namespace {

using explore::RandomStrategy;
using explore::run_many;
using kernel::AccessKind;
using kernel::RaceReport;
using kernel::RacingAccess;

std::vector<RaceReport> races;

class Races : public testing::Test {
 protected:
  Races() {
    races.clear();
    kernel::on_race = [](const RaceReport& race) noexcept { races.push_back(race); };
  }
  ~Races() override { kernel::on_race = kernel::print_race; }

  // In each of some executions.
  static void expect_race(const std::function<void()>& body) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      races.clear();
      run_once(seed, body);
      EXPECT_FALSE(races.empty()) << "seed " << seed;
    }
  }

  static void expect_once(const std::function<void()>& body) { run_once(1, body); }

  static void expect_none(const std::function<void()>& body) {
    races.clear();
    for (std::uint64_t seed = 0; seed < 50; ++seed) run_once(seed, body);
    EXPECT_TRUE(races.empty()) << races.size() << " reports";
    for (const RaceReport& race : races) kernel::print_race(race);
  }

 private:
  static void run_once(std::uint64_t seed, const std::function<void()>& body) {
    RandomStrategy strategy(seed);
    EXPECT_FALSE(run_many(strategy, 1, [&] {
                   body();
                   return true;
                 }).failed());
  }
};

// Both functions are short.
testing::AssertionResult is_inside(const void* pc, void (*function)(int*)) {
  const auto distance =
      reinterpret_cast<std::uintptr_t>(pc) - reinterpret_cast<std::uintptr_t>(function);
  if (distance > 0 && distance < 128) return testing::AssertionSuccess();
  return testing::AssertionFailure() << pc << " is not in the function";
}

void expect_increment(const RacingAccess& access, const int* count) {
  EXPECT_EQ(access.address, count);
  EXPECT_EQ(access.bytes, sizeof *count);
  ASSERT_GE(access.depth, 3U);
  EXPECT_TRUE(is_inside(access.frames[0], increment));
  EXPECT_TRUE(is_inside(access.frames[1], increment_in_call));
}

TEST_F(Races, BothStacksAreReported) {
  alignas(8) int count = 0;
  expect_race(
      [&] { run_two([&] { increment_in_call(&count); }, [&] { increment_in_call(&count); }); });
  for (const RaceReport& race : races) {
    expect_increment(race.now, &count);
    expect_increment(race.before, &count);
    EXPECT_NE(race.now.task, race.before.task);
    EXPECT_TRUE(race.now.kind == AccessKind::kWrite || race.before.kind == AccessKind::kWrite);
  }
}

TEST_F(Races, PairOfPlacesIsReportedOnce) {
  int numbers[100] = {};
  const auto write_all = [&] {
    for (int& number : numbers) write_int(&number, 1);
  };
  expect_race([&] { run_two(write_all, write_all); });
  EXPECT_EQ(races.size(), 1U);
}

TEST_F(Races, ReadAndWrite) {
  int value = 0;
  expect_race([&] { run_two([&] { read_int(&value); }, [&] { write_int(&value, 1); }); });
}

TEST_F(Races, CopyOfMany) {
  char from[200] = {};
  char to[200] = {};
  expect_race([&] { run_two([&] { copy_bytes(to, from); }, [&] { write_char(&from[60], 1); }); });
}

TEST_F(Races, NeighboursAreNone) {
  alignas(8) char bytes[8] = {};
  expect_none(
      [&] { run_two([&] { write_char(&bytes[2], 1); }, [&] { write_char(&bytes[3], 1); }); });
}

TEST_F(Races, CreateAndJoin) {
  expect_none([] {
    int value = 0;
    write_int(&value, 1);
    std::thread([&] { increment(&value); }).join();
    std::thread([&] { increment(&value); }).join();
    EXPECT_EQ(read_int(&value), 3);
  });
}

TEST_F(Races, BeforeJoin) {
  expect_race([] {
    int value = 0;
    std::thread thread([&] { increment(&value); });
    read_int(&value);
    thread.join();
  });
}

TEST_F(Races, Mutex) {
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

TEST_F(Races, TwoMutexes) {
  std::mutex mutexes[2];
  int value = 0;
  const auto add = [&](std::mutex& mutex) {
    const std::lock_guard guard(mutex);
    increment(&value);
  };
  expect_race([&] { run_two([&] { add(mutexes[0]); }, [&] { add(mutexes[1]); }); });
}

TEST_F(Races, ReadWriteLock) {
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

TEST_F(Races, Spinlock) {
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

TEST_F(Races, Semaphore) {
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

TEST_F(Races, ConditionVariable) {
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

TEST_F(Races, Barrier) {
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

TEST_F(Races, Once) {
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
TEST_F(Races, GuardOfStaticVariable) {
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

TEST_F(Races, ReleaseAndAcquire) {
  expect_none([] { pass_by_flag(store_release, load_acquire); });
  expect_none([] { pass_by_flag(store, load); });
  expect_none([] { pass_by_flag(fence_and_store, load_acquire); });
  expect_none([] { pass_by_flag(store_release, load_and_fence); });
  expect_none([] { pass_by_flag(fence_and_store, load_and_fence); });
}

TEST_F(Races, RelaxedOrdersNothing) {
  expect_race([] { pass_by_flag(store_relaxed, load_acquire); });
  expect_race([] { pass_by_flag(store_release, load_relaxed); });
  expect_race([] { pass_by_flag(store_relaxed, load_relaxed); });
}

// A relaxed update carries a release on; a relaxed store ends it.
TEST_F(Races, ReleaseSequence) {
  const auto release_then = [](void (*second)(int*)) {
    alignas(8) int flag = 0;
    alignas(8) int value = 0;
    bool done = false;  // which no instrumented code says
    run_two(
        [&] {
          write_int(&value, 1);
          store_release(&flag, 1);
          second(&flag);
          done = true;
        },
        [&] {
          while (!done) sched_yield();
          load_acquire(&flag);
          read_int(&value);
        });
  };
  expect_none([&] { release_then([](int* flag) { add_relaxed(flag, 1); }); });
  expect_race([&] { release_then([](int* flag) { store_relaxed(flag, 2); }); });
}

TEST_F(Races, AtomicAndPlain) {
  int value = 0;
  expect_race([&] { run_two([&] { store(&value, 1); }, [&] { read_int(&value); }); });
  expect_none([&] { run_two([&] { store(&value, 1); }, [&] { load(&value); }); });
}

TEST_F(Races, OwnSpinlock) {
  int lock = 0;
  int value = 0;
  const auto add = [&] {
    spin_lock(&lock);
    increment(&value);
    spin_unlock(&lock);
  };
  expect_none([&] { run_two(add, add); });
}

// Each thread has memory of its own, one after the other the same.
TEST_F(Races, MemoryThatIsReused) {
  const auto use = [] {
    int* const mine = new int(0);
    write_int(mine, 1);
    delete mine;
  };
  expect_none([&] { run_two(use, use); });
  expect_none([&] {
    std::thread a(use);
    use();
    a.join();
  });
}

TEST_F(Races, MemoryThatIsReusedAfterRealloc) {
  const auto use = [] {
    auto* mine = static_cast<int*>(std::malloc(64));
    write_int(mine, 1);
    mine = static_cast<int*>(std::realloc(mine, 4096));
    ASSERT_NE(mine, nullptr);
    write_int(mine, 1);
    std::free(mine);
  };
  expect_none([&] { run_two(use, use); });
}

// Threads that nobody has joined: the next one gets the stack of one that has ended.
TEST_F(Races, StackThatIsReused) {
  expect_none([] {
    sem_t ended;
    sem_init(&ended, 0, 0);
    for (int i = 0; i < 4; ++i) {
      std::thread([&] {
        int local = 0;
        increment(&local);
        sem_post(&ended);
      }).detach();
    }
    for (int i = 0; i < 4; ++i) sem_wait(&ended);
  });
}

TEST_F(Races, FreeingWhatIsInUse) {
  expect_race([] {
    int* const shared = new int(0);
    bool was_read = false;  // which no instrumented code says
    run_two(
        [&] {
          read_int(shared);
          was_read = true;
        },
        [&] {
          while (!was_read) sched_yield();
          delete shared;
        });
  });
  for (const RaceReport& race : races) EXPECT_EQ(race.now.kind, AccessKind::kFree);
}

// It is the looking that ends, until the next execution.
TEST_F(Races, WithoutMemoryTheProgramGoesOn) {
  bool failed = true;
  for (unsigned n = 1; failed; ++n) {
    expect_once([n, &failed] {
      constexpr std::size_t kBytes = 1 << 16;
      std::vector<char> from(kBytes);
      std::vector<char> to(kBytes);
      int count = 0;
      run_two(
          [&] {
            kernel::fault_inject_fail_nth(n);
            increment_in_call(&count);
            for (std::size_t at = 0; at < kBytes - 100; at += 4096) copy_bytes(&to[at], &from[at]);
            store(&count, read_int(&count) + 1);
            failed = kernel::fault_inject_disarm();
          },
          [] {});
      EXPECT_EQ(count, 2);
    });
    ASSERT_LT(n, 1000U);
  }
  EXPECT_GT(kernel::fault_inject_failures(), 10U);
  int value = 0;
  expect_race([&] { run_two([&] { read_int(&value); }, [&] { write_int(&value, 1); }); });
}

}  // namespace
}  // namespace ums::test
