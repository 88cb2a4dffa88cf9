// SPDX-License-Identifier: Apache-2.0
//
// Threads of a simulation that are cancelled: in whatever order, they end as elsewhere.
#include <gtest/gtest.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

using Body = std::function<void()>;

struct Counted {
  ~Counted() { ++count; }
  int& count;
};

void* run_body(void* body) {
  (*static_cast<Body*>(body))();
  return nullptr;
}

pthread_t start(Body& body) {
  pthread_t thread{};
  EXPECT_EQ(pthread_create(&thread, nullptr, run_body, &body), 0);
  return thread;
}

void expect_cancelled(pthread_t thread) {
  void* result = nullptr;
  EXPECT_EQ(pthread_join(thread, &result), 0);
  EXPECT_EQ(result, PTHREAD_CANCELED);
}

// Whoever is cancelled while it does `block` is unwound.
void expect_ends(const Body& block) {
  expect_right([&] {
    int unwound = 0;
    Body body = [&] {
      const Counted counted{unwound};
      for (;;) block();
    };
    const pthread_t thread = start(body);
    sched_yield();
    EXPECT_EQ(pthread_cancel(thread), 0);
    expect_cancelled(thread);
    EXPECT_EQ(unwound, 1);
  });
}

TEST(Cancellation, EndsSleeps) {
  expect_ends([] { sleep(1'000'000); });
  expect_ends([] { usleep(1000); });
}

TEST(Cancellation, EndsAnEndlessWait) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  expect_ends([&] { sem_wait(&semaphore); });
  sem_destroy(&semaphore);
}

TEST(Cancellation, IsSeenWhereNothingBlocks) {
  expect_ends([] { pthread_testcancel(); });
  expect_ends([] {
    sched_yield();
    pthread_testcancel();
  });
}

TEST(Cancellation, AsynchronousIsSeenAtAYield) {
  expect_right([] {
    Body body = [] {
      int old = 0;
      EXPECT_EQ(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old), 0);
      EXPECT_EQ(old, PTHREAD_CANCEL_DEFERRED);
      // The C library says that a yield throws nothing, and the compiler believes it.
      int (*volatile yield)() = sched_yield;
      for (;;) yield();
    };
    const pthread_t thread = start(body);
    EXPECT_EQ(pthread_cancel(thread), 0);
    expect_cancelled(thread);
  });
}

TEST(Cancellation, OfAConditionsWaiterTakesTheMutexFirst) {
  expect_right([] {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    int inside = 0;
    Body body = [&] {
      pthread_mutex_lock(&mutex);
      struct Release {
        ~Release() {
          EXPECT_EQ(inside, 0);
          EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
        }
        pthread_mutex_t& mutex;
        int& inside;
      } release{mutex, inside};
      for (;;) pthread_cond_wait(&condition, &mutex);
    };
    const pthread_t thread = start(body);
    pthread_mutex_lock(&mutex);
    ++inside;
    pthread_cancel(thread);
    sched_yield();
    --inside;
    pthread_mutex_unlock(&mutex);
    expect_cancelled(thread);
    EXPECT_EQ(pthread_mutex_trylock(&mutex), 0);
  });
}

// Two wait, one is cancelled and one call is made: it reaches the other.
TEST(Cancellation, LosesNoCall) {
  expect_right([] {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    bool called = false;
    Body wait = [&] {
      pthread_mutex_lock(&mutex);
      pthread_cleanup_push(
          [](void* its_mutex) { pthread_mutex_unlock(static_cast<pthread_mutex_t*>(its_mutex)); },
          &mutex);
      while (!called) pthread_cond_wait(&condition, &mutex);
      pthread_cond_signal(&condition);  // to the other, if there is one
      pthread_cleanup_pop(1);
    };
    const pthread_t first = start(wait);
    const pthread_t second = start(wait);
    sched_yield();
    pthread_cancel(first);
    pthread_mutex_lock(&mutex);
    called = true;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    EXPECT_EQ(pthread_join(first, nullptr), 0);
    void* result = nullptr;
    EXPECT_EQ(pthread_join(second, &result), 0);
    EXPECT_EQ(result, nullptr);
  });
}

TEST(Cancellation, WaitsWhileItIsDisabled) {
  expect_right([] {
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    std::atomic<bool> disabled{false};
    bool passed = false;
    Body body = [&] {
      pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
      disabled = true;
      disabled.notify_all();
      EXPECT_EQ(sem_wait(&semaphore), 0);
      passed = true;
      pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, nullptr);
      for (;;) sem_wait(&semaphore);
    };
    const pthread_t thread = start(body);
    disabled.wait(false);
    pthread_cancel(thread);
    sched_yield();
    sem_post(&semaphore);
    expect_cancelled(thread);
    EXPECT_TRUE(passed);
    sem_destroy(&semaphore);
  });
}

TEST(Cancellation, OfAJoinerLeavesTheThreadToBeJoined) {
  expect_right([] {
    std::atomic<bool> go{false};
    Body wait = [&] { go.wait(false); };
    const pthread_t thread = start(wait);
    Body join = [&] {
      for (;;) {
        if (pthread_join(thread, nullptr) == 0) return;
      }
    };
    const pthread_t joiner = start(join);
    pthread_cancel(joiner);
    expect_cancelled(joiner);
    go = true;
    go.notify_all();
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
  });
}

// What becomes of it may be the next one.
TEST(Cancellation, OfAThreadThatHasEndedReachesNobody) {
  expect_right([] {
    std::atomic<bool> ended{false};
    Body body = [&] { ended = true; };
    const pthread_t thread = start(body);
    while (!ended) sched_yield();
    usleep(1000);
    EXPECT_EQ(pthread_cancel(thread), 0);
    EXPECT_EQ(pthread_kill(thread, SIGUSR1), 0);
    void* result = &ended;
    EXPECT_EQ(pthread_join(thread, &result), 0);
    EXPECT_EQ(result, nullptr);
    Body next = [] { pthread_testcancel(); };
    result = &ended;
    EXPECT_EQ(pthread_join(start(next), &result), 0);
    EXPECT_EQ(result, nullptr);
  });
}

TEST(Cancellation, OfOneself) {
  expect_right([] {
    Body body = [] {
      pthread_cancel(pthread_self());
      for (;;) sleep(1);
    };
    expect_cancelled(start(body));
  });
}

}  // namespace
}  // namespace ums::test
