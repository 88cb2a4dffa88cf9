// SPDX-License-Identifier: Apache-2.0
//
// Threads with two roles. behaviour.md, ENTER: "A scheduler may become a worker as well and the
// other way round; nesting works: a worker that is a scheduler executes workers of its own." and
// "Roles are per file".
#include <fmt/core.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "support/system_test.h"

namespace ums::test {
namespace {

class TwoRoles : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    become_scheduler(fd_, list_);
  }
};

TEST_F(TwoRoles, SchedulerBecomesWorker) {
  const int inner = create_list(fd_);
  Thread both([&] {
    become_scheduler(fd_, inner);
    EXPECT_EQ(enter_worker(fd_, list_), 0);
    EXPECT_EQ(yield(fd_), 0);
    Worker nested(fd_, inner);
    run_workers(fd_, inner, 1);
    EXPECT_EQ(exit_worker(fd_), 0);
    Worker last(fd_, inner);
    run_workers(fd_, inner, 1);  // a scheduler still
  });
  wait_until_suspended(both.tid());
  run_workers(fd_, list_, 1);
}

TEST_F(TwoRoles, WorkerBecomesScheduler) {
  const int inner = create_list(fd_);
  std::string order;
  Worker both(fd_, list_, [&] {
    become_scheduler(fd_, inner);
    Worker nested(fd_, inner, [&] {
      order += "a";
      EXPECT_EQ(yield(fd_), 0);
      order += "c";
    });
    ASSERT_EQ(dequeue(fd_, inner), nested.tid());
    EXPECT_EQ(execute(fd_, nested.tid()), 0);
    order += "b";
    EXPECT_EQ(take_event_type(fd_), THREAD_YIELD);
    EXPECT_EQ(yield(fd_), 0) << "to its own scheduler";
    run_workers(fd_, inner, 1);
  });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(order, "abc");
}

// Four levels: each worker is the scheduler of the next, and all of them yield.
void nest(int fd, int outer, int levels, std::string& trace) {
  if (levels == 0) return;
  const int inner = create_list(fd);
  Worker worker(fd, outer, [&, fd] {
    become_scheduler(fd, inner);
    trace += fmt::format("{}", levels);
    EXPECT_EQ(yield(fd), 0);
    nest(fd, inner, levels - 1, trace);
    trace += fmt::format("{}", levels);
  });
  run_workers(fd, outer, 1);
}

TEST_F(TwoRoles, NestingFourDeep) {
  std::string trace;
  nest(fd_, list_, 4, trace);
  EXPECT_EQ(trace, "43211234");
}

// A nested worker's YIELD wakes the scheduler that executed it, not the outer one, and an outer
// YIELD is refused to it, whose scheduler it is not.
TEST_F(TwoRoles, EventsGoToTheLevelAbove) {
  const int inner = create_list(fd_);
  Worker both(fd_, list_, [&] {
    become_scheduler(fd_, inner);
    Worker nested(fd_, inner, [&] { EXPECT_EQ(yield(fd_), 0); });
    ASSERT_EQ(dequeue(fd_, inner), nested.tid());
    EXPECT_EQ(execute(fd_, nested.tid()), 0);
    ums_sched_event event;
    ASSERT_EQ(take_event(fd_, event), 0);
    EXPECT_EQ(event.yield_params.context, nested.tid());
    run_workers(fd_, inner, 1);
  });
  ASSERT_EQ(dequeue(fd_, list_), both.tid());
  EXPECT_EQ(execute(fd_, both.tid()), 0);
  ums_sched_event event;
  ASSERT_EQ(take_event(fd_, event), 0);
  EXPECT_EQ(event.type, THREAD_TERMINATED) << "the only event";
  EXPECT_EQ(event.end_params.context, both.tid());
}

// A worker may execute a sibling of its own list.
TEST_F(TwoRoles, WorkerExecutesItsSibling) {
  std::string order;
  Worker first(fd_, list_, [&] {
    become_scheduler(fd_, list_);
    order += "1";
    const pid_t sibling = dequeue(fd_, list_);
    EXPECT_EQ(execute(fd_, sibling), 0);
    order += "3";
  });
  ASSERT_EQ(dequeue(fd_, list_), first.tid());
  Worker second(fd_, list_, [&] { order += "2"; });
  EXPECT_EQ(execute(fd_, first.tid()), 0);
  EXPECT_EQ(order, "123");
}

// Two schedulers that pass one worker to and fro: it runs on both processors in turn.
TEST_F(TwoRoles, TwoSchedulersExecuteEachOthersWorkers) {
  constexpr int kYields = 200;
  const int second_list = create_list(fd_);
  std::vector<std::unique_ptr<Worker>> workers;
  std::atomic<int> ended{0};
  const auto body = [&] {
    for (int i = 0; i < kYields; ++i) EXPECT_EQ(yield(fd_), 0);
    ++ended;
  };
  for (int i = 0; i < 4; ++i) {
    workers.push_back(std::make_unique<Worker>(fd_, list_, body));
    workers.push_back(std::make_unique<Worker>(fd_, second_list, body));
  }
  // Each takes from the list of the other.
  const auto drain = [&](int list) {
    for (int left = 4; left > 0;) {
      for (const pid_t worker : take_batch(fd_, list)) {
        ASSERT_EQ(execute(fd_, worker), 0);
        if (take_event_type(fd_) == THREAD_TERMINATED) --left;
      }
    }
  };
  Thread other([&] {
    become_scheduler(fd_, second_list);
    drain(list_);
  });
  drain(second_list);
  other.join();
  EXPECT_EQ(ended, 8);
}

// ---- two files

class TwoFiles : public TwoRoles {
 protected:
  void SetUp() override {
    TwoRoles::SetUp();
    second_ = dev_open_elsewhere();
    second_list_ = create_list(second_);
  }
  void TearDown() override {
    EXPECT_EQ(dev_close(second_), 0);
    TwoRoles::TearDown();
  }

  int second_ = -1;
  int second_list_ = 0;
};

// A thread is a worker in one file and then, while it runs there, in another one too: it is
// suspended in the second, and the first one's scheduler stays in EXEC.
TEST_F(TwoFiles, WorkerInTwoFiles) {
  std::string order;
  Worker worker(fd_, list_, [&] {
    order += "a";
    EXPECT_EQ(enter_worker(second_, second_list_), 0);
    order += "b";
    EXPECT_EQ(yield(second_), 0);
    order += "c";
    EXPECT_EQ(exit_worker(second_), 0);
    order += "d";
    EXPECT_EQ(yield(fd_), 0);
    order += "e";
  });
  Thread second_scheduler([&] {
    become_scheduler(second_, second_list_);
    run_workers(second_, second_list_, 1);
  });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(order, "abcde");
}

TEST_F(TwoFiles, FirstSchedulerStaysInExec) {
  Worker worker(fd_, list_, [&] {
    EXPECT_EQ(enter_worker(second_, second_list_), 0);
    EXPECT_EQ(exit_worker(second_), 0);
  });
  const pid_t first_scheduler = thread_id();
  Thread second_scheduler([&] {
    wait_until_executing(first_scheduler);
    wait_until_suspended(worker.tid());
    become_scheduler(second_, second_list_);
    run_workers(second_, second_list_, 1);
  });
  run_workers(fd_, list_, 1);
}

// It leaves the first file while it runs under the second one's scheduler.
TEST_F(TwoFiles, WorkerLeavesTheFirstFileFirst) {
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    EXPECT_EQ(enter_worker(second_, second_list_), 0);
    EXPECT_EQ(exit_worker(fd_), 0) << "the first one's scheduler goes on";
    EXPECT_EQ(yield(fd_), -ESRCH);
    EXPECT_EQ(yield(second_), 0);
    EXPECT_EQ(exit_worker(second_), 0);
  });
  Thread second_scheduler([&] {
    become_scheduler(second_, second_list_);
    run_workers(second_, second_list_, 1);
  });
  run_workers(fd_, list_, 1);
}

// It yields in the first file while it runs under the second one's scheduler, which so stays in
// EXEC until the worker comes back there.
TEST_F(TwoFiles, WorkerYieldsInTheFirstFileUnderTheSecond) {
  std::string order;
  Worker worker(fd_, list_, [&] {
    EXPECT_EQ(enter_worker(second_, second_list_), 0);
    order += "a";
    EXPECT_EQ(yield(fd_), 0);
    order += "b";
    EXPECT_EQ(exit_worker(second_), 0);
    order += "c";
  });
  Thread second_scheduler([&] {
    become_scheduler(second_, second_list_);
    run_workers(second_, second_list_, 1);
  });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(order, "abc");
}

// A thread that ends as a worker of two files ends in both.
TEST_F(TwoFiles, ThreadEndsInBothFiles) {
  Worker worker(Worker::NoExit{}, fd_, list_,
                [&] { EXPECT_EQ(enter_worker(second_, second_list_), 0); });
  Thread second_scheduler([&] {
    become_scheduler(second_, second_list_);
    run_workers(second_, second_list_, 1);
  });
  run_workers(fd_, list_, 1);
}

}  // namespace
}  // namespace ums::test
