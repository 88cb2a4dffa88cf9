// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "Device file": what closing does, with threads inside and without.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <vector>

#include "support/emulator.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

using Close = DeviceTest;

// "Closing with nobody inside frees all, unread events and registered schedulers and workers too;
// they are then unknown (ESRCH) on a new file." A worker that is registered and not inside is one
// that runs.
TEST_F(Close, FreesUnreadEventsAndSchedulers) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  Worker worker(fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  ASSERT_EQ(execute(fd_, worker.tid()), 0);
  worker.join();
  close_device();  // with STARTUP and TERMINATED unread
  fd_ = dev_open();
  ASSERT_GE(fd_, 0);
  EXPECT_EQ(create_list(fd_), 1);
  EXPECT_EQ(dequeue(fd_, 1), -ESRCH) << "the caller is no scheduler here";
}

// "closing while threads are suspended in it returns 0, wakes nobody, and the pool goes when the
// last call ends": a scheduler in EXEC under a worker that runs. Its EXEC ends and the pool goes.
TEST_F(Close, RunningWorkerEndsInAClosedFile) {
  SKIP_UNDER_EMULATOR("it answers ENOSYS to ioctls it does not know");
  const int fd = fd_;
  Worker worker(Worker::NoExit{}, fd, list_, [&] {
    EXPECT_EQ(dev_close(fd), 0) << "by the worker, over the scheduler in EXEC";
    EXPECT_EQ(yield(fd), -EBADF);
    EXPECT_EQ(exit_worker(fd), -EBADF);
  });
  fd_ = -1;
  become_scheduler(fd, list_);
  ASSERT_EQ(dequeue(fd, list_), worker.tid());
  EXPECT_EQ(execute(fd, worker.tid()), 0) << "ended by the end of the worker's thread";
  EXPECT_EQ(take_event_type(fd), -EBADF);
}

TEST_F(Close, BlockedDequeuerIsNotWoken) {
  const int fd = fd_;
  std::atomic<int> result{1};
  Thread scheduler([&] {
    become_scheduler(fd, list_);
    result = dequeue(fd, list_);
  });
  wait_until_blocked(scheduler.tid());
  close_device();
  EXPECT_TRUE(task_is(scheduler.tid(), kernel::TaskState::kInterruptible));
  EXPECT_EQ(result, 1);
  // Only a signal ends its call now.
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  ASSERT_EQ(pthread_kill(scheduler.handle(), SIGUSR1), 0);
  scheduler.join();
  EXPECT_EQ(result, -EINTR) << "and with it the pool";
}

// Suspended workers stay so for ever: they end with the process. "Process exit or SIGKILL with
// suspended workers completes and releases everything."
TEST_F(Close, SuspendedWorkersAreNotWoken) {
  const int status = in_child([&] {
    const int fd = dev_open();
    const int list = create_list(fd);
    auto* const worker = new Worker(fd, list, [] { std::abort(); });
    EXPECT_EQ(dev_close(fd), 0);
    EXPECT_TRUE(task_is(worker->tid(), kernel::TaskState::kSuspended));
    const int again = dev_open();
    EXPECT_EQ(again, -ENOMEM) << "the first pool lives while a thread is inside";
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(Close, ExitWithSuspendedWorkersCompletes) {
  const int status = in_child([&] {
    const int fd = dev_open();
    const int list = create_list(fd);
    for (int i = 0; i < 20; ++i) new Worker(fd, list, [] { std::abort(); });
    become_scheduler(fd, list);
    EXPECT_GT(dequeue(fd, list), 0);
    std::exit(HasFailure() ? 1 : 0);  // with static destructors
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(Close, ExitByAWorkerCompletes) {
  const int status = in_child([&] {
    const int fd = dev_open();
    const int list = create_list(fd);
    new Worker(fd, list, [] { std::exit(7); });
    new Worker(fd, list, [] { std::abort(); });
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

TEST_F(Close, KillWithSuspendedWorkersCompletes) {
  const int status = in_child([&] {
    const int fd = dev_open();
    const int list = create_list(fd);
    for (int i = 0; i < 20; ++i) new Worker(fd, list, [] { std::abort(); });
    raise(SIGKILL);
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

// "duped [...] descriptors share one; the last close releases it": from any thread, in any order,
// with threads that use both.
TEST_F(Close, RacesWithUsers) {
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    const int fd = dev_open_elsewhere();
    ASSERT_GE(fd, 0);
    const int copy = dev_dup(fd);
    Thread user([&] {
      for (int id = 0; id >= 0;) id = create_list(copy);
    });
    Thread closer([&] { EXPECT_EQ(dev_close(copy), 0); });
    EXPECT_EQ(dev_close(fd), 0);
  }
}

// A program that closes the descriptor with close(2) behind the device's back, and gets the same
// number for something else: the number is then not the device any more once it is opened again.
TEST_F(Close, NumberIsReusedAfterAForeignClose) {
  const int fd = fd_;
  ASSERT_EQ(::close(fd), 0);
  fd_ = -1;
  const int again = dev_open_elsewhere();
  EXPECT_EQ(again, fd) << "the lowest free number";
  EXPECT_EQ(create_list(again), 1) << "a new pool";
  EXPECT_EQ(dev_close(again), 0);
}

}  // namespace
}  // namespace ums::test
