// SPDX-License-Identifier: Apache-2.0
//
// Cancellation reaches the thread that was cancelled, whoever runs on the kernel thread that its
// signal arrives at. (By deferred cancellation of suspended workers: thread_end_test.cpp.)
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "support/system_test.h"

namespace ums::test {
namespace {

constexpr int kRounds = 200;

class Cancel : public DeviceTest {
 protected:
  static void cancel_at_once() {
    about_to_be_cancelled();
    EXPECT_EQ(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr), 0);
  }

  // Runs `body` as the only worker of a scheduler, which must not be cancelled, and cancels it when
  // `body` has set `running`.
  template <typename Body>
  void cancel_worker(Body body) {
    std::atomic<bool> running{false};
    std::atomic<bool> scheduler_went_on{false};
    Worker worker(Worker::NoExit{}, fd_, list_, [&] { body(running); });
    Thread scheduler([&] {
      become_scheduler(fd_, list_);
      for (int type = THREAD_YIELD; type == THREAD_YIELD;) {
        EXPECT_EQ(dequeue(fd_, list_), worker.tid());
        EXPECT_EQ(execute(fd_, worker.tid()), 0);
        type = take_event_type(fd_);
        pthread_testcancel();  // would act on a cancellation that was the worker's
      }
      scheduler_went_on = true;
    });
    wait_until([&] { return running.load(); });
    EXPECT_EQ(pthread_cancel(worker.handle()), 0);
    scheduler.join();
    EXPECT_EQ(worker.join(), PTHREAD_CANCELED);
    EXPECT_TRUE(scheduler_went_on);
  }
};

// Cancelled in or behind a blocking call, between its YIELDs.
TEST_F(Cancel, WorkerThatBlocksAndYields) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "ThreadSanitizer's nanosleep cannot be left";
  for (int round = 0; round < kRounds; ++round) {
    cancel_worker([&](std::atomic<bool>& running) {
      about_to_be_cancelled();
      for (;;) {
        const timespec moment = {0, 1000};
        nanosleep(&moment, nullptr);
        EXPECT_EQ(yield(fd_), 0);
        running = true;
      }
    });
  }
}

// The scheduler is cancelled when its EXEC ends, and its worker goes on.
TEST_F(Cancel, SchedulerThatExecutes) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "ThreadSanitizer cannot be left anywhere";
  std::atomic<bool> running{false};
  std::atomic<bool> cancelled{false};
  std::atomic<bool> went_on{false};
  Worker worker(fd_, list_, [&] {
    running = true;
    wait_until([&] { return cancelled.load(); });
    for (int i = 0; i < 1000; ++i) pthread_testcancel();
    went_on = true;
    EXPECT_EQ(yield(fd_), 0);
  });
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    ASSERT_EQ(dequeue(fd_, list_), worker.tid());
    cancel_at_once();
    execute(fd_, worker.tid());
    ADD_FAILURE() << "not cancelled";
  });
  wait_until([&] { return running.load(); });
  EXPECT_EQ(pthread_cancel(scheduler.handle()), 0);
  cancelled = true;
  EXPECT_EQ(scheduler.join(), PTHREAD_CANCELED);
  wait_until([&] { return went_on.load(); });
  become_scheduler(fd_, list_);
  run_workers(fd_, list_, 1);
}

// The C library ends the caller inside of pthread_cancel.
TEST_F(Cancel, ThreadThatCancelsItself) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "ThreadSanitizer cannot be left anywhere";
  Thread thread([&] {
    cancel_at_once();
    pthread_cancel(pthread_self());
    ADD_FAILURE() << "not cancelled";
  });
  EXPECT_EQ(thread.join(), PTHREAD_CANCELED);
}

// It sleeps in the kernel when the signal arrives, and leaves it at once.
TEST_F(Cancel, SchedulerThatWaits) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "ThreadSanitizer cannot be left anywhere";
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    cancel_at_once();
    dequeue(fd_, list_);
    ADD_FAILURE() << "not cancelled";
  });
  wait_until_blocked(scheduler.tid());
  wait_until_asleep(scheduler.tid());
  EXPECT_EQ(pthread_cancel(scheduler.handle()), 0);
  EXPECT_EQ(scheduler.join(), PTHREAD_CANCELED);
  Worker worker(fd_, list_);
  become_scheduler(fd_, list_);
  run_workers(fd_, list_, 1);
}

}  // namespace
}  // namespace ums::test
