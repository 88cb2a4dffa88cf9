// SPDX-License-Identifier: Apache-2.0
//
// fork. behaviour.md, "Device file": "[embedded] In a forked child the inherited file is dead
// (EBADF); the library opens a new one." and architecture.md: "fork copies one kernel thread: in
// the child the kernel re-initialises its locks, RCU and files".
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <ums.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "support/emulator.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

using Fork = DeviceTest;

bool exited_with(int status, int code) { return WIFEXITED(status) && WEXITSTATUS(status) == code; }

// Forks in the calling thread, whatever it is and whoever runs beside. Returns the status.
int fork_here(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    forget_thread_id();
    alarm(100);
    body();
    std::fflush(nullptr);
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// Everything that a program does, on a file of its own.
void use_the_device() {
  const int fd = dev_open();
  ASSERT_GE(fd, 0);
  const int list = create_list(fd);
  EXPECT_EQ(list, 1);
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 5; ++i) {
    workers.push_back(std::make_unique<Worker>(fd, list, [fd] { EXPECT_EQ(yield(fd), 0); }));
  }
  become_scheduler(fd, list);
  run_workers(fd, list, 5);
  workers.clear();
  EXPECT_EQ(dev_close(fd), 0);
}

// In the child of a process of many threads libtsan and qemu-user 7.2 cannot create one, whoever
// wrote the program.
bool child_may_create_threads() { return !UMS_SANITIZE_THREAD && !emulated(); }

void use_the_device_in_any_child() {
  if (child_may_create_threads()) return use_the_device();
  const int fd = dev_open();
  become_scheduler(fd, create_list(fd));
  EXPECT_EQ(dev_close(fd), 0);
}

TEST_F(Fork, InheritedFileIsDead) {
  SKIP_IN_SERVER("an inherited file is shared");
  const int status = in_child([&] {
    EXPECT_EQ(create_list(fd_), -EBADF);
    EXPECT_EQ(enter_scheduler(fd_, list_), -EBADF);
    EXPECT_EQ(dev_ioctl(fd_, FIOCLEX), -EBADF);
    EXPECT_EQ(dev_dup(fd_), -EBADF);
    EXPECT_EQ(dev_close(fd_), 0) << "the number can be given back";
    EXPECT_EQ(dev_close(fd_), -EBADF);
  });
  EXPECT_TRUE(exited_with(status, 0)) << status;
  EXPECT_EQ(create_list(fd_), 2) << "the parent's works";
}

TEST_F(Fork, ChildHasAKernelOfItsOwn) {
  EXPECT_TRUE(exited_with(in_child(use_the_device), 0));
  EXPECT_EQ(create_list(fd_), 2);
}

TEST_F(Fork, ChildHasNoRoleAndMayOpen) {
  become_scheduler(fd_, list_);
  const int status = in_child([&] {
    const int fd = dev_open();  // its parent's thread has a file open, it has not
    EXPECT_GE(fd, 0);
    const int list = create_list(fd);
    EXPECT_EQ(dequeue(fd, list), -ESRCH);
    EXPECT_EQ(enter_scheduler(fd, list), 0);
  });
  EXPECT_TRUE(exited_with(status, 0)) << status;
}

TEST_F(Fork, ChildOfAChild) {
  const int status = in_child([] {
    EXPECT_TRUE(exited_with(fork_here(use_the_device), 0));
    use_the_device();
  });
  EXPECT_TRUE(exited_with(status, 0)) << status;
}

// With workers suspended in the parent.
TEST_F(Fork, OfASchedulerWithSuspendedWorkers) {
  become_scheduler(fd_, list_);
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 3; ++i) workers.push_back(std::make_unique<Worker>(fd_, list_));
  EXPECT_TRUE(exited_with(fork_here([&] {
                            for (auto& worker : workers) (void)worker.release();
                            use_the_device_in_any_child();
                          }),
                          0));
  run_workers(fd_, list_, 3);
}

// "a child forked from a worker that creates threads crashes" unless rseq is withdrawn.
TEST_F(Fork, OfAWorkerWhoseChildCreatesThreads) {
  Worker worker(fd_, list_, [&] {
    const int status = fork_here([] {
      std::vector<std::thread> threads;
      int sum = child_may_create_threads() ? 0 : 6;
      for (int i = 0; i < (child_may_create_threads() ? 4 : 0); ++i) {
        threads.emplace_back([i, &sum] { __atomic_fetch_add(&sum, i, __ATOMIC_RELAXED); });
      }
      for (std::thread& thread : threads) thread.join();
      EXPECT_EQ(sum, 6);
      use_the_device_in_any_child();
    });
    EXPECT_TRUE(exited_with(status, 0)) << status;
    EXPECT_EQ(yield(fd_), 0) << "the parent goes on";
  });
  become_scheduler(fd_, list_);
  run_workers(fd_, list_, 1);
}

// The child of a worker ends as any thread: its destructors find no role.
TEST_F(Fork, ChildOfAWorkerReturnsFromTheWorker) {
  Worker worker(fd_, list_, [&] {
    const pid_t child = fork();
    if (child == 0) {
      forget_thread_id();
      // The last thread: the process exits with 0, and without a look for leaks, which would not
      // know the stacks of the parent's threads.
      std::atexit([] { _exit(0); });
      pthread_exit(nullptr);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(exited_with(status, 0)) << status;
  });
  become_scheduler(fd_, list_);
  run_workers(fd_, list_, 1);
}

// Others are inside the kernel, with its locks held, at the moment of the fork.
TEST_F(Fork, WhileOthersAreInTheKernel) {
  std::atomic<bool> stop{false};
  std::vector<std::unique_ptr<Thread>> busy;
  for (int i = 0; i < 3; ++i) {
    busy.push_back(std::make_unique<Thread>([&] {
      while (!stop) {
        const int list = create_list(fd_);
        EXPECT_GT(list, 0);
        EXPECT_EQ(delete_list(fd_, list), 0);
      }
    }));
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(exited_with(fork_here([&] {
                              for (auto& thread : busy) (void)thread.release();
                              use_the_device_in_any_child();
                            }),
                            0));
  }
  stop = true;
}

}  // namespace
}  // namespace ums::test
