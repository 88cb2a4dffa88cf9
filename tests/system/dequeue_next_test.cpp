// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "DEQUEUE, NEXT".
#include <atomic>
#include <cerrno>
#include <memory>
#include <vector>

#include "support/system_test.h"

namespace ums::test {
namespace {

class DequeueNext : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    become_scheduler(fd_, list_);
  }

  // Adds a worker that yields `yields` times.
  pid_t add(int yields = 0) {
    workers_.push_back(std::make_unique<Worker>(fd_, list_, [this, yields] {
      for (int i = 0; i < yields; ++i) EXPECT_EQ(yield(fd_), 0);
    }));
    return workers_.back()->tid();
  }

  // Ends everybody in `order`, who must be in hand.
  void finish(const std::vector<pid_t>& order) {
    for (const pid_t worker : order) EXPECT_EQ(execute(fd_, worker), 0);
    workers_.clear();
  }

  std::vector<std::unique_ptr<Worker>> workers_;
};

using Batch = std::vector<pid_t>;

// "DEQUEUE takes the whole list, first in first out, and returns its head"
TEST_F(DequeueNext, TakesTheWholeListInOrder) {
  const Batch expected = {add(), add(), add(), add()};
  EXPECT_EQ(take_batch(fd_, list_), expected);
  const pid_t late = add();
  EXPECT_EQ(take_batch(fd_, list_), Batch{late}) << "the others are in hand";
  finish({expected[0], expected[1], expected[2], expected[3], late});
}

// "it blocks while the list is empty"
TEST_F(DequeueNext, BlocksWhileTheListIsEmpty) {
  pid_t got = 0;
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    got = dequeue(fd_, list_);
    EXPECT_EQ(execute(fd_, got), 0);
  });
  wait_until_blocked(scheduler.tid());
  EXPECT_EQ(got, 0);
  const pid_t worker = add();
  scheduler.join();
  EXPECT_EQ(got, worker);
  workers_.clear();
}

// "A scheduler may dequeue any list."
TEST_F(DequeueNext, AnyList) {
  const int other = create_list(fd_);
  Worker worker(fd_, other);
  EXPECT_EQ(dequeue(fd_, other), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
}

// "Of several blocked schedulers exactly one gets the batch."
TEST_F(DequeueNext, OneOfSeveralBlockedSchedulersGetsTheBatch) {
  constexpr int kSchedulers = 5;
  std::atomic<int> got{0};
  std::vector<std::unique_ptr<Thread>> schedulers;
  for (int i = 0; i < kSchedulers; ++i) {
    schedulers.push_back(std::make_unique<Thread>([&] {
      become_scheduler(fd_, list_);
      const pid_t worker = dequeue(fd_, list_);
      ++got;
      EXPECT_EQ(execute(fd_, worker), 0);
    }));
    wait_until_blocked(schedulers.back()->tid());
  }
  for (int i = 1; i <= kSchedulers; ++i) {
    Worker worker(Worker::NoExit{}, fd_, list_, [&] {
      EXPECT_EQ(got, i) << "one more scheduler, and no other";
      EXPECT_EQ(exit_worker(fd_), 0);
    });
  }
}

// "NEXT(c) returns the next worker of c's batch, which then carries the rest: after NEXT(W1)=W2,
// NEXT(W2)=W3. NEXT on a context with nothing left: result 0 and -1 stored. NEXT(W1) a second time:
// -1."
TEST_F(DequeueNext, NextHandsTheRestOn) {
  const Batch all = {add(), add(), add()};
  ASSERT_EQ(dequeue(fd_, list_), all[0]);
  EXPECT_EQ(next(fd_, all[0]), all[1]);
  EXPECT_EQ(next(fd_, all[0]), 0) << "a second time";
  EXPECT_EQ(next(fd_, all[1]), all[2]);
  EXPECT_EQ(next(fd_, all[1]), 0);
  EXPECT_EQ(next(fd_, all[2]), 0) << "the end";
  ums_next_context_list_args args{all[2], 4711};
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_NEXT_UMS_CTX_LIST, &args), 0);
  EXPECT_EQ(args.ums_next_context, -1);
  EXPECT_EQ(args.ums_context, all[2]);
  finish(all);
}

// "Executing the head before the batch is walked: [...] while the head runs, NEXT(head) goes on"
TEST_F(DequeueNext, NextOfARunningHeadGoesOn) {
  pid_t second = 0;
  pid_t seen = 0;
  Worker head(fd_, list_, [&] { seen = next(fd_, thread_id()); });
  second = add();
  ASSERT_EQ(dequeue(fd_, list_), head.tid());
  EXPECT_EQ(execute(fd_, head.tid()), 0);
  EXPECT_EQ(seen, second);
  finish({second});
}

// "when it yields [...], the rest that was not walked returns in order to the head of its
// completion list, and then the yielding head goes to the tail."
TEST_F(DequeueNext, RestReturnsToTheHeadWhenTheHeadYields) {
  const Batch all = {add(1), add(), add()};
  ASSERT_EQ(dequeue(fd_, list_), all[0]);
  const pid_t late = add();
  EXPECT_EQ(execute(fd_, all[0]), 0);
  const Batch expected = {all[1], all[2], late, all[0]};
  EXPECT_EQ(take_batch(fd_, list_), expected);
  finish(expected);
}

// "or ends"
TEST_F(DequeueNext, RestReturnsToTheHeadWhenTheHeadEnds) {
  const Batch all = {add(), add(), add()};
  ASSERT_EQ(dequeue(fd_, list_), all[0]);
  const pid_t late = add();
  EXPECT_EQ(execute(fd_, all[0]), 0);
  const Batch expected = {all[1], all[2], late};
  EXPECT_EQ(take_batch(fd_, list_), expected);
  finish(expected);
}

TEST_F(DequeueNext, RestOfAPartlyWalkedBatchReturns) {
  const Batch all = {add(1), add(1), add(), add()};
  ASSERT_EQ(dequeue(fd_, list_), all[0]);
  ASSERT_EQ(next(fd_, all[0]), all[1]);  // who carries the other two from now on
  EXPECT_EQ(execute(fd_, all[0]), 0);
  EXPECT_EQ(dequeue(fd_, list_), all[0]) << "it carried nothing";
  EXPECT_EQ(next(fd_, all[0]), 0);
  EXPECT_EQ(execute(fd_, all[1]), 0);
  const Batch expected = {all[2], all[3], all[1]};
  EXPECT_EQ(take_batch(fd_, list_), expected);
  finish({all[0], all[2], all[3], all[1]});
}

// A batch that returns wakes a scheduler that waits for it.
TEST_F(DequeueNext, ReturningRestWakesADequeuer) {
  const Batch all = {add(), add()};
  ASSERT_EQ(dequeue(fd_, list_), all[0]);
  Thread waiting([&] {
    become_scheduler(fd_, list_);
    EXPECT_EQ(dequeue(fd_, list_), all[1]);
    EXPECT_EQ(execute(fd_, all[1]), 0);
  });
  wait_until_blocked(waiting.tid());
  EXPECT_EQ(execute(fd_, all[0]), 0);
  waiting.join();
  workers_.clear();
}

// "NEXT on a worker that is still in its list: [...] ours ESRCH"
TEST_F(DequeueNext, NextOfAListedWorker) {
  const Batch all = {add(), add()};
  EXPECT_EQ(next(fd_, all[0]), -ESRCH);
  EXPECT_EQ(next(fd_, all[1]), -ESRCH);
  expect_misuse(2);
  EXPECT_EQ(take_batch(fd_, list_), all) << "the list is as it was";
  finish(all);
}

// "NEXT on a worker inside a batch that has not been reached: ours ESRCH"
TEST_F(DequeueNext, NextOfAWorkerThatWasNotReached) {
  const Batch all = {add(), add(), add()};
  ASSERT_EQ(dequeue(fd_, list_), all[0]);
  EXPECT_EQ(next(fd_, all[1]), -ESRCH);
  EXPECT_EQ(next(fd_, all[2]), -ESRCH);
  expect_misuse(2);
  EXPECT_EQ(next(fd_, all[0]), all[1]) << "the batch is as it was";
  EXPECT_EQ(next(fd_, all[1]), all[2]);
  finish(all);
}

TEST_F(DequeueNext, NextOfNobody) {
  EXPECT_EQ(next(fd_, 0), -ESRCH);
  EXPECT_EQ(next(fd_, -1), -ESRCH);
  EXPECT_EQ(next(fd_, thread_id()), -ESRCH) << "a scheduler is no worker";
  pid_t gone = add();
  ASSERT_EQ(dequeue(fd_, list_), gone);
  finish({gone});
  EXPECT_EQ(next(fd_, gone), -ESRCH) << "it has ended";
}

}  // namespace
}  // namespace ums::test
