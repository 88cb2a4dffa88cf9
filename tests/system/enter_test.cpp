// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "ENTER".
#include <cerrno>

#include "support/system_test.h"

namespace ums::test {
namespace {

using Enter = DeviceTest;

// "flags: bit 0 set means scheduler (3, 5, 7 too)"
TEST_F(Enter, Bit0MeansScheduler) {
  for (const int flags : {1, 3, 5, 7, -1}) {
    Thread scheduler([&] {
      EXPECT_EQ(enter(fd_, flags, list_), 0) << "at once";
      EXPECT_EQ(take_event_type(fd_), SCHEDULER_STARTUP);
      EXPECT_EQ(exit_worker(fd_), -ESRCH) << "no worker";
    });
  }
}

// "else bit 1 means worker (6 too)"
TEST_F(Enter, Bit1MeansWorker) {
  become_scheduler(fd_, list_);
  for (const int flags : {2, 6, ~1}) {
    Thread worker([&] {
      EXPECT_EQ(enter(fd_, flags, list_), 0);
      EXPECT_EQ(exit_worker(fd_), 0);
    });
    wait_until_suspended(worker.tid());
    run_workers(fd_, list_, 1);
  }
}

// "neither: EINVAL."
TEST_F(Enter, OtherFlags) {
  for (const int flags : {0, 4, 8, ~3}) EXPECT_EQ(enter(fd_, flags, list_), -EINVAL) << flags;
}

// "Scheduler: returns 0 at once, with one STARTUP event queued."
TEST_F(Enter, SchedulerHasOneStartupEvent) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  Worker worker(fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  ASSERT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(take_event_type(fd_), SCHEDULER_STARTUP);
  EXPECT_EQ(take_event_type(fd_), THREAD_TERMINATED) << "no second STARTUP";
}

// "Worker: is put at the tail of its list and blocks until executed, then returns 0."
TEST_F(Enter, WorkersQueueInTheOrderOfTheirEntry) {
  become_scheduler(fd_, list_);
  Worker first(fd_, list_);
  Worker second(fd_, list_);
  Worker third(fd_, list_);
  EXPECT_EQ(first.entered(), 1) << "still inside ENTER";
  const std::vector<pid_t> expected = {first.tid(), second.tid(), third.tid()};
  EXPECT_EQ(take_batch(fd_, list_), expected);
  for (const pid_t worker : expected) EXPECT_EQ(execute(fd_, worker), 0);
  EXPECT_EQ(first.entered(), 0);
}

// "Unknown list: EINVAL, nothing registered"
TEST_F(Enter, UnknownListRegistersNothing) {
  EXPECT_EQ(enter_scheduler(fd_, 99), -EINVAL);
  EXPECT_EQ(enter_worker(fd_, 99), -EINVAL);
  EXPECT_EQ(dequeue(fd_, list_), -ESRCH);
  EXPECT_EQ(exit_worker(fd_), -ESRCH);
  EXPECT_EQ(enter_scheduler(fd_, list_), 0) << "no role was taken";
}

// "The same role again on the same file: ENOMEM; the role goes on working."
TEST_F(Enter, SchedulerTwice) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  EXPECT_EQ(enter_scheduler(fd_, list_), -ENOMEM);
  EXPECT_EQ(take_event_type(fd_), SCHEDULER_STARTUP);
  Worker worker(fd_, list_);
  run_workers(fd_, list_, 1);
}

TEST_F(Enter, WorkerTwice) {
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_, [&] {
    EXPECT_EQ(enter_worker(fd_, list_), -ENOMEM);
    EXPECT_EQ(yield(fd_), 0);
  });
  run_workers(fd_, list_, 1);
}

// "After EXIT a thread may enter again"
TEST_F(Enter, AgainAfterExit) {
  become_scheduler(fd_, list_);
  const int other = create_list(fd_);
  Worker worker(fd_, list_, [&] {
    EXPECT_EQ(exit_worker(fd_), 0);
    EXPECT_EQ(enter_worker(fd_, other), 0) << "in another list, even";
  });
  run_workers(fd_, list_, 1);
  run_workers(fd_, other, 1);
}

// "Roles are per file: one thread can be a scheduler on two files."
TEST_F(Enter, SchedulerOnTwoFiles) {
  const int second = dev_open_elsewhere();
  const int second_list = create_list(second);
  become_scheduler(fd_, list_);
  become_scheduler(second, second_list);
  Worker here(fd_, list_);
  Worker there(second, second_list);
  EXPECT_EQ(execute(fd_, there.tid()), -ESRCH) << "a worker of the other file";
  run_workers(second, second_list, 1);
  run_workers(fd_, list_, 1);
  EXPECT_EQ(dev_close(second), 0);
}

}  // namespace
}  // namespace ums::test
