// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "EXEC, YIELD, EXIT, events": the calls. The events' bytes are in events_test.cpp.
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <vector>

#include "support/system_test.h"

namespace ums::test {
namespace {

class ExecYieldExit : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    become_scheduler(fd_, list_);
  }
};

const void* parameter(std::uintptr_t value) { return reinterpret_cast<const void*>(value); }

// "EXEC(w) blocks the scheduler until w yields or ends, then returns 0."
TEST_F(ExecYieldExit, ExecReturnsWhenTheWorkerYieldsOrEnds) {
  std::vector<int> order;
  Worker worker(fd_, list_, [&] {
    order.push_back(1);
    EXPECT_EQ(yield(fd_), 0);
    order.push_back(3);
  });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  order.push_back(2);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  order.push_back(4);
  const std::vector<int> expected = {1, 2, 3, 4};
  EXPECT_EQ(order, expected);
}

// "A worker dequeued by one scheduler may be executed by another; events go to the one that
// executed it last."
TEST_F(ExecYieldExit, AnotherSchedulerExecutes) {
  Worker worker(fd_, list_, [&] {
    EXPECT_EQ(yield(fd_, parameter(1)), 0);
    EXPECT_EQ(yield(fd_, parameter(2)), 0);
  });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  Thread other([&] {
    become_scheduler(fd_, list_);
    EXPECT_EQ(execute(fd_, worker.tid()), 0);
    ums_sched_event event;
    ASSERT_EQ(take_event(fd_, event), 0);
    EXPECT_EQ(event.yield_params.scheduler_params, parameter(1));
    EXPECT_EQ(dequeue(fd_, list_), worker.tid());
  });
  other.join();
  ASSERT_EQ(execute(fd_, worker.tid()), 0);
  ums_sched_event event;
  ASSERT_EQ(take_event(fd_, event), 0);
  EXPECT_EQ(event.yield_params.context, worker.tid());
  EXPECT_EQ(event.yield_params.scheduler_params, parameter(2));
  run_workers(fd_, list_, 1);
}

// "EXEC of a worker that is [...] still in a completion list [...] ours EBUSY."
TEST_F(ExecYieldExit, ExecOfAListedWorker) {
  Worker worker(fd_, list_);
  EXPECT_EQ(execute(fd_, worker.tid()), -EBUSY);
  expect_misuse(1);
  run_workers(fd_, list_, 1);
}

// "in a batch but not yet reached by NEXT"
TEST_F(ExecYieldExit, ExecOfAWorkerThatWasNotReached) {
  Worker first(fd_, list_);
  Worker second(fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), first.tid());
  EXPECT_EQ(execute(fd_, second.tid()), -EBUSY);
  expect_misuse(1);
  EXPECT_EQ(next(fd_, first.tid()), second.tid());
  EXPECT_EQ(execute(fd_, second.tid()), 0);
  EXPECT_EQ(execute(fd_, first.tid()), 0);
}

// "a worker that is running"
TEST_F(ExecYieldExit, ExecOfARunningWorker) {
  std::atomic<bool> running{false};
  std::atomic<bool> tried{false};
  Worker worker(fd_, list_, [&] {
    running = true;
    wait_until([&] { return tried.load(); });
  });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  Thread other([&] {
    become_scheduler(fd_, list_);
    wait_until([&] { return running.load(); });
    EXPECT_EQ(execute(fd_, worker.tid()), -EBUSY);
    tried = true;
  });
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  expect_misuse(1);
}

// "or the caller itself where it is a worker too"
TEST_F(ExecYieldExit, ExecOfOneself) {
  Worker worker(fd_, list_, [&] {
    EXPECT_EQ(enter_scheduler(fd_, list_), 0);
    EXPECT_EQ(execute(fd_, thread_id()), -EBUSY);
  });
  run_workers(fd_, list_, 1);
  expect_misuse(1);
}

// "(A plain scheduler's own id is no worker: ESRCH.)"
TEST_F(ExecYieldExit, ExecOfThePlainSchedulerItself) {
  EXPECT_EQ(execute(fd_, thread_id()), -ESRCH);
}

TEST_F(ExecYieldExit, ExecOfNobody) {
  EXPECT_EQ(execute(fd_, 0), -ESRCH);
  EXPECT_EQ(execute(fd_, -1), -ESRCH);
  EXPECT_EQ(execute(fd_, 1), -ESRCH);
}

// Of schedulers that execute one worker at once exactly one does; the others get EBUSY.
TEST_F(ExecYieldExit, OneOfManyExecutes) {
  constexpr int kSchedulers = 8;
  std::atomic<int> executed{0};
  std::atomic<int> refused{0};
  std::atomic<bool> go{false};
  Worker worker(fd_, list_, [&] { wait_until([&] { return refused == kSchedulers - 1; }); });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  std::vector<std::unique_ptr<Thread>> schedulers;
  for (int i = 0; i < kSchedulers; ++i) {
    schedulers.push_back(std::make_unique<Thread>([&] {
      become_scheduler(fd_, list_);
      wait_until([&] { return go.load(); });
      const int result = execute(fd_, worker.tid());
      if (result == -EBUSY) ++refused;
      if (result == 0) ++executed;
    }));
  }
  go = true;
  schedulers.clear();
  EXPECT_EQ(executed, 1);
  EXPECT_EQ(refused, kSchedulers - 1);
  expect_misuse(kSchedulers - 1);
}

// YIELD: "the worker to the tail of its own list": not of the scheduler's.
TEST_F(ExecYieldExit, YieldReturnsToTheWorkersOwnList) {
  const int own = create_list(fd_);
  Worker worker(fd_, own, [&] { EXPECT_EQ(yield(fd_), 0); });
  Worker other(fd_, list_);
  ASSERT_EQ(dequeue(fd_, own), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(take_batch(fd_, list_), std::vector<pid_t>{other.tid()});
  EXPECT_EQ(dequeue(fd_, own), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(execute(fd_, other.tid()), 0);
}

TEST_F(ExecYieldExit, YieldGoesToTheTail) {
  Worker first(fd_, list_, [&] { EXPECT_EQ(yield(fd_), 0); });
  ASSERT_EQ(dequeue(fd_, list_), first.tid());
  Worker second(fd_, list_);
  EXPECT_EQ(execute(fd_, first.tid()), 0);
  const std::vector<pid_t> expected = {second.tid(), first.tid()};
  EXPECT_EQ(take_batch(fd_, list_), expected);
  EXPECT_EQ(execute(fd_, second.tid()), 0);
  EXPECT_EQ(execute(fd_, first.tid()), 0);
}

// YIELD: "By a thread that is not a running worker: ESRCH." EXIT: "Otherwise ESRCH."
TEST_F(ExecYieldExit, NotAWorker) {
  EXPECT_EQ(yield(fd_), -ESRCH);
  EXPECT_EQ(exit_worker(fd_), -ESRCH);
  Thread plain([&] {
    EXPECT_EQ(yield(fd_), -ESRCH);
    EXPECT_EQ(exit_worker(fd_), -ESRCH);
  });
}

// EXIT: "the worker is unregistered, the scheduler wakes, the thread goes on as a plain thread."
TEST_F(ExecYieldExit, ExitMakesAPlainThread) {
  std::atomic<bool> go_on{false};
  std::atomic<bool> went_on{false};
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    EXPECT_EQ(exit_worker(fd_), 0);
    EXPECT_EQ(exit_worker(fd_), -ESRCH);
    EXPECT_EQ(yield(fd_), -ESRCH);
    wait_until([&] { return go_on.load(); });
    went_on = true;
  });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(execute(fd_, worker.tid()), -ESRCH) << "unregistered";
  EXPECT_FALSE(went_on) << "it runs beside its former scheduler";
  go_on = true;
  worker.join();
  EXPECT_TRUE(went_on);
}

// A yield in a function deep inside: the worker's stack, with all its frames, is what waits.
int depth_first(int fd, int depth) {
  if (depth == 0) return yield(fd) == 0 ? 0 : -1;
  const int below = depth_first(fd, depth - 1);
  return below < 0 ? below : below + 1;
}

TEST_F(ExecYieldExit, YieldDeepInTheStack) {
  int depth = 0;
  Worker worker(fd_, list_, [&] { depth = depth_first(fd_, 1000); });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(depth, 1000);
}

TEST_F(ExecYieldExit, ManyWorkersManyYields) {
  constexpr int kWorkers = 30;
  constexpr int kYields = 50;
  int runs = 0;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.push_back(std::make_unique<Worker>(fd_, list_, [&] {
      for (int n = 0; n < kYields; ++n) {
        ++runs;
        EXPECT_EQ(yield(fd_), 0);
      }
    }));
  }
  run_workers(fd_, list_, kWorkers);
  EXPECT_EQ(runs, kWorkers * kYields);
}

}  // namespace
}  // namespace ums::test
