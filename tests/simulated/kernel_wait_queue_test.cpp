// SPDX-License-Identifier: Apache-2.0
//
// Wait queues under many schedules: no wake-up is lost, wherever sleepers and wakers stand. A
// sleeper whose wake-up is lost sleeps for ever, which is a deadlock to the explorer.
#include <gtest/gtest.h>
#include <pthread.h>

#include <csignal>
#include <thread>

#include "sim_kernel/sched/wait_queue.h"
#include "sim_kernel/sync/preemption.h"
#include "sim_kernel/sync/spinlock.h"
#include "simulated/explored_kernel.h"
#include "support/run_beside.h"

namespace ums::test {
namespace {

using namespace ums::kernel;

class WaitQueueTest : public ExploredKernel {};

// Items, and who sleeps until there is one.
class Shelf {
 public:
  // Takes an item, waiting for one. Errors: EINTR; EPIPE: it was closed, and is empty.
  Result<void> take() {
    SpinGuard guard(lock_);
    TRY(takers_.wait_event_interruptible(
        lock_, [this]() NO_THREAD_SAFETY_ANALYSIS { return items_ > 0 || closed_; }));
    if (items_ == 0) return Error{EPIPE};
    --items_;
    return {};
  }

  // Wakes by the two steps of wake_up.h.
  void put() {
    WakeUp wake;
    {
      SpinGuard guard(lock_);
      ++items_;
      let_others_run_into_the_lock();
      wake = takers_.wake_up_one();
    }
    wake.wake_up();
  }

  void close() {
    SpinGuard guard(lock_);
    closed_ = true;
    let_others_run_into_the_lock();
    takers_.wake_up_all();
  }

  // Context: no thread uses it any more.
  void expect_left(int items) {
    SpinGuard guard(lock_);
    EXPECT_EQ(items_, items);
    EXPECT_TRUE(takers_.empty());  // invariant 1 of wait_queue.h
  }

 private:
  // As complist_unuse does, which takes another lock before it wakes.
  void let_others_run_into_the_lock() const { preemption_point(KernelStep::kUpdate, &items_); }

  SpinLock<LockRank::kComplist> lock_;
  WaitQueue takers_ GUARDED_BY(lock_);
  int items_ GUARDED_BY(lock_) = 0;
  bool closed_ GUARDED_BY(lock_) = false;
};

// More than wake_one_sleeper has steps.
constexpr int kAllPreemptions = 30;

void wake_one_sleeper() {
  Shelf shelf;
  run_beside([&] { EXPECT_TRUE(shelf.take().ok()); }, [&] { shelf.put(); });
  shelf.expect_left(0);
}

TEST_F(WaitQueueTest, SleeperIsWoken) {
  explore(wake_one_sleeper);
  EXPECT_GT(explore_all(wake_one_sleeper, kAllPreemptions), 50U);
}

// Invariant 2: a second wake-up is not for one that was woken already.
void wake_two_sleepers() {
  Shelf shelf;
  const auto take = [&] { EXPECT_TRUE(shelf.take().ok()); };
  run_beside(take, take, [&] {
    shelf.put();
    shelf.put();
  });
  shelf.expect_left(0);
}

TEST_F(WaitQueueTest, EachWakeUpIsAnothersOwn) {
  explore(wake_two_sleepers);
  explore_all(wake_two_sleepers, 2);
}

TEST_F(WaitQueueTest, SleepersAndWakersMeet) {
  explore([] {
    Shelf shelf;
    const auto take = [&] { EXPECT_TRUE(shelf.take().ok()); };
    const auto put = [&] { shelf.put(); };
    run_beside(take, put, take, put, put);
    shelf.expect_left(1);
  });
}

// Two wake all: one of the sleepers may wait for the queue's lock by then.
TEST_F(WaitQueueTest, AllAreWoken) {
  explore([] {
    Shelf shelf;
    const auto take = [&] { EXPECT_EQ(shelf.take().error_code(), EPIPE); };
    const auto close = [&] { shelf.close(); };
    run_beside(take, close, take, close);
    shelf.expect_left(0);
  });
}

// One of two sleepers gets a signal, and perhaps no item; there is one for each.
int interrupt_one_sleeper() {
  Shelf shelf;
  int interrupted = 0;
  std::thread patient([&] { EXPECT_TRUE(shelf.take().ok()); });
  std::thread hasty([&] {
    const Result<void> result = shelf.take();
    EXPECT_TRUE(result.ok() || result.error_code() == EINTR);
    if (!result.ok()) ++interrupted;
  });
  std::thread waker([&] { shelf.put(); });
  pthread_kill(hasty.native_handle(), SIGUSR1);
  shelf.put();
  for (std::thread* each : {&patient, &hasty, &waker}) each->join();
  shelf.expect_left(interrupted);
  return interrupted;
}

TEST_F(WaitQueueTest, InterruptedSleeperTakesNoWakeUpAway) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, nullptr);
  int interrupted = 0;
  explore([&] { interrupted += interrupt_one_sleeper(); });
  EXPECT_GT(interrupted, 0);
}

}  // namespace
}  // namespace ums::test
