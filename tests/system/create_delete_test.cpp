// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "CREATE, DELETE".
#include <cerrno>
#include <climits>

#include "support/system_test.h"

namespace ums::test {
namespace {

using CreateDelete = DeviceTest;

// "Ids are the lowest free integer from 1, per file."
TEST_F(CreateDelete, IdsAreTheLowestFree) {
  EXPECT_EQ(list_, 1);
  for (int id = 2; id <= 200; ++id) ASSERT_EQ(create_list(fd_), id);
  EXPECT_EQ(delete_list(fd_, 150), 0);
  EXPECT_EQ(delete_list(fd_, 7), 0);
  EXPECT_EQ(delete_list(fd_, 65), 0);
  EXPECT_EQ(create_list(fd_), 7);
  EXPECT_EQ(create_list(fd_), 65);
  EXPECT_EQ(create_list(fd_), 150);
  EXPECT_EQ(create_list(fd_), 201);
}

// "DELETE of an unknown id (0, negative, deleted): EINVAL."
TEST_F(CreateDelete, UnknownIds) {
  for (const int id : {0, -1, INT_MIN, INT_MAX, 2, 63, 64, 65, 4096}) {
    EXPECT_EQ(delete_list(fd_, id), -EINVAL) << id;
    EXPECT_EQ(enter_scheduler(fd_, id), -EINVAL) << id;
  }
  EXPECT_EQ(delete_list(fd_, list_), 0);
  EXPECT_EQ(delete_list(fd_, list_), -EINVAL);
  EXPECT_EQ(enter_worker(fd_, list_), -EINVAL);
}

// "While others remain, the id stays usable (enter, dequeue) and is not reused": a scheduler.
TEST_F(CreateDelete, SchedulerKeepsADeletedList) {
  become_scheduler(fd_, list_);
  EXPECT_EQ(delete_list(fd_, list_), 0);
  EXPECT_EQ(create_list(fd_), 2) << "1 is in use";
  Worker worker(fd_, list_);
  EXPECT_EQ(worker.entered(), 1) << "suspended";
  run_workers(fd_, list_, 1);
}

// The same: a worker. "when the last goes, the id is free and unknown (EINVAL)".
TEST_F(CreateDelete, WorkerKeepsADeletedListUntilItEnds) {
  const int other = create_list(fd_);
  become_scheduler(fd_, other);
  Worker worker(fd_, list_, [&] { EXPECT_EQ(yield(fd_), 0); });
  EXPECT_EQ(delete_list(fd_, list_), 0);
  EXPECT_EQ(create_list(fd_), 3) << "1 is in use";
  Thread second([&] { EXPECT_EQ(enter_scheduler(fd_, list_), 0); });
  second.join();  // and is no user any more
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(dequeue(fd_, list_), -EINVAL) << "its last user is gone";
  EXPECT_EQ(delete_list(fd_, list_), -EINVAL);
  EXPECT_EQ(create_list(fd_), 1) << "the id is free";
}

// "DELETE again while references remain: [...] ours EINVAL", reported.
TEST_F(CreateDelete, DeleteAgainWhileUsed) {
  become_scheduler(fd_, list_);
  EXPECT_EQ(delete_list(fd_, list_), 0);
  EXPECT_EQ(delete_list(fd_, list_), -EINVAL);
  EXPECT_EQ(delete_list(fd_, list_), -EINVAL);
  expect_misuse(2);
  Worker worker(fd_, list_);
  run_workers(fd_, list_, 1);
}

// "A dequeuer blocked on its own list stays blocked after DELETE and gets later workers."
TEST_F(CreateDelete, DequeuerOfItsOwnListStaysBlocked) {
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    run_workers(fd_, list_, 1);
  });
  wait_until_blocked(scheduler.tid());
  EXPECT_EQ(delete_list(fd_, list_), 0);
  EXPECT_TRUE(task_is(scheduler.tid(), kernel::TaskState::kInterruptible));
  Worker worker(fd_, list_);
}

// "A dequeuer of a foreign list whose last reference goes: [...] ours wakes it with EINVAL."
TEST_F(CreateDelete, DequeuerOfAForeignListIsWoken) {
  const int foreign = create_list(fd_);
  int result = 0;
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    result = dequeue(fd_, foreign);
  });
  wait_until_blocked(scheduler.tid());
  EXPECT_EQ(delete_list(fd_, foreign), 0);
  scheduler.join();
  EXPECT_EQ(result, -EINVAL);
  EXPECT_EQ(create_list(fd_), foreign) << "the id is free";
}

TEST_F(CreateDelete, DequeuerOfAForeignListGoesWithItsLastWorker) {
  const int foreign = create_list(fd_);
  become_scheduler(fd_, list_);
  Worker worker(fd_, foreign);
  EXPECT_EQ(delete_list(fd_, foreign), 0);
  ASSERT_EQ(dequeue(fd_, foreign), worker.tid());
  int result = 0;
  Thread scheduler([&] {
    ASSERT_EQ(enter_scheduler(fd_, list_), 0);
    result = dequeue(fd_, foreign);
  });
  wait_until_blocked(scheduler.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  scheduler.join();
  EXPECT_EQ(result, -EINVAL);
}

TEST_F(CreateDelete, AnyThreadMayDelete) {
  Thread other([&] { EXPECT_EQ(delete_list(fd_, list_), 0); });
  other.join();
  EXPECT_EQ(delete_list(fd_, list_), -EINVAL);
}

}  // namespace
}  // namespace ums::test
