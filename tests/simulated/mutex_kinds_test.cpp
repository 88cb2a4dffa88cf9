// SPDX-License-Identifier: Apache-2.0
//
// Mutexes that Linux has a part in elsewhere: robust ones, whose next owner is told that a thread
// has ended with it, and those with a protocol about priorities.
#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <thread>

#include "tests/support/emulator.h"
#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

using namespace std::chrono_literals;

#define NEEDS_ROBUST_LISTS() SKIP_UNDER_EMULATOR("it knows no robust lists")

class MutexOfKind {
 public:
  explicit MutexOfKind(int type, int robustness = PTHREAD_MUTEX_ROBUST,
                       int protocol = PTHREAD_PRIO_NONE) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    EXPECT_EQ(pthread_mutexattr_settype(&attributes, type), 0);
    EXPECT_EQ(pthread_mutexattr_setrobust(&attributes, robustness), 0);
    EXPECT_EQ(pthread_mutexattr_setprotocol(&attributes, protocol), 0);
    EXPECT_EQ(pthread_mutex_init(&its_, &attributes), 0);
    pthread_mutexattr_destroy(&attributes);
  }
  ~MutexOfKind() { EXPECT_EQ(pthread_mutex_destroy(&its_), 0); }
  MutexOfKind(const MutexOfKind&) = delete;
  MutexOfKind& operator=(const MutexOfKind&) = delete;

  pthread_mutex_t* operator&() { return &its_; }

 private:
  pthread_mutex_t its_;
};

constexpr std::array kTypes = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
                               PTHREAD_MUTEX_ERRORCHECK};

// A thread has ended with it: it is ours, and is mended.
void expect_dead_owner(pthread_mutex_t* mutex) {
  ASSERT_EQ(pthread_mutex_lock(mutex), EOWNERDEAD);
  EXPECT_EQ(pthread_mutex_consistent(mutex), 0);
  EXPECT_EQ(pthread_mutex_unlock(mutex), 0);
  EXPECT_EQ(pthread_mutex_lock(mutex), 0);
  EXPECT_EQ(pthread_mutex_unlock(mutex), 0);
}

// What each of two threads is told that lock it, where one of them ends with it.
TEST(RobustMutex, OneOfThoseWhoLockItIsTold) {
  NEEDS_ROBUST_LISTS();
  for (const int type : kTypes) {
    expect_right([type] {
      MutexOfKind mutex(type);
      int told = 0;
      const auto lock = [&] {
        const int error = pthread_mutex_lock(&mutex);
        EXPECT_TRUE(error == 0 || error == EOWNERDEAD) << error;
        if (error != EOWNERDEAD) return;
        ++told;
        EXPECT_EQ(pthread_mutex_consistent(&mutex), 0);
      };
      const auto lock_and_unlock = [&] {
        lock();
        std::this_thread::yield();
        EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
      };
      run_beside(lock, lock_and_unlock, lock_and_unlock);
      if (told == 0) expect_dead_owner(&mutex);
      EXPECT_LE(told, 1);
    });
  }
}

TEST(RobustMutex, WhoWaitsGoesOnWhenItsOwnerEnds) {
  NEEDS_ROBUST_LISTS();
  expect_right([] {
    MutexOfKind mutex(PTHREAD_MUTEX_NORMAL);
    std::thread owner([&] {
      EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
      std::this_thread::sleep_for(2h);
      pthread_exit(nullptr);
    });
    std::this_thread::sleep_for(1h);
    expect_dead_owner(&mutex);
    owner.join();
  });
}

TEST(RobustMutex, TimedAndTryingLocksAreTold) {
  NEEDS_ROBUST_LISTS();
  expect_right([] {
    MutexOfKind mutex(PTHREAD_MUTEX_NORMAL);
    std::thread([&] { EXPECT_EQ(pthread_mutex_lock(&mutex), 0); }).join();
    EXPECT_EQ(pthread_mutex_trylock(&mutex), EOWNERDEAD);
    EXPECT_EQ(pthread_mutex_consistent(&mutex), 0);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    std::thread([&] { EXPECT_EQ(pthread_mutex_lock(&mutex), 0); }).join();
    const timespec soon = {2'000'000'000, 0};
    EXPECT_EQ(pthread_mutex_timedlock(&mutex, &soon), EOWNERDEAD);
    EXPECT_EQ(pthread_mutex_consistent(&mutex), 0);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  });
}

TEST(RobustMutex, IsLostWhereNobodyMendsIt) {
  NEEDS_ROBUST_LISTS();
  expect_right([] {
    MutexOfKind mutex(PTHREAD_MUTEX_NORMAL);
    std::thread([&] { EXPECT_EQ(pthread_mutex_lock(&mutex), 0); }).join();
    EXPECT_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
    std::thread waiter([&] { EXPECT_EQ(pthread_mutex_lock(&mutex), ENOTRECOVERABLE); });
    std::this_thread::yield();
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    waiter.join();
    EXPECT_EQ(pthread_mutex_trylock(&mutex), ENOTRECOVERABLE);
  });
}

TEST(RobustMutex, IsTakenByWhoHasWaitedForACondition) {
  NEEDS_ROBUST_LISTS();
  expect_right([] {
    MutexOfKind mutex(PTHREAD_MUTEX_NORMAL);
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    ASSERT_EQ(pthread_mutex_lock(&mutex), 0);
    std::thread waker([&] {
      EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
      EXPECT_EQ(pthread_cond_signal(&condition), 0);
    });
    EXPECT_EQ(pthread_cond_wait(&condition, &mutex), EOWNERDEAD);
    EXPECT_EQ(pthread_mutex_consistent(&mutex), 0);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    waker.join();
  });
}

// A thread that would be kept for another (captured_threads.h) ends.
TEST(RobustMutex, OwnerEndsWhereThreadsAreKept) {
  NEEDS_ROBUST_LISTS();
  explore::RandomStrategy strategy(1);
  const auto body = [] {
    MutexOfKind mutex(PTHREAD_MUTEX_NORMAL);
    std::thread([&] { EXPECT_EQ(pthread_mutex_lock(&mutex), 0); }).join();
    std::thread([&] { expect_dead_owner(&mutex); }).join();
    return !testing::Test::HasFailure();
  };
  EXPECT_FALSE(run_many(strategy, 20, body, explore::Threads::kKept).failed());
}

TEST(MutexWithProtocol, IsALockLikeAnyOther) {
  expect_right([] {
    MutexOfKind mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT);
    int inside = 0;
    const auto enter = [&] {
      EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
      EXPECT_EQ(++inside, 1);
      std::this_thread::yield();
      --inside;
      EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    };
    run_beside(enter, enter, enter);
  });
}

TEST(MutexWithProtocol, MayBeRobustToo) {
  NEEDS_ROBUST_LISTS();
  expect_right([] {
    MutexOfKind mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_INHERIT);
    std::thread([&] { EXPECT_EQ(pthread_mutex_lock(&mutex), 0); }).join();
    expect_dead_owner(&mutex);
  });
}

// As elsewhere it may need a real-time priority, and says so.
TEST(MutexWithProtocol, PriorityIsRaisedOrNot) {
  expect_right([] {
    MutexOfKind mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_PROTECT);
    const auto enter = [&] {
      const int error = pthread_mutex_lock(&mutex);
      EXPECT_TRUE(error == 0 || error == EINVAL || error == EPERM) << error;
      std::this_thread::yield();
      EXPECT_TRUE(error != 0 || pthread_mutex_unlock(&mutex) == 0);
    };
    run_beside(enter, enter);
    enter();
  });
}

}  // namespace
}  // namespace ums::test
