// SPDX-License-Identifier: Apache-2.0
//
// What happens when something runs out: memory, at each single allocation of each call;
// descriptors; and that many threads are no special case.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "sim_kernel/mm/fault_inject.h"
#include "support/emulator.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

using Limits = DeviceTest;

// Lets the first, second ... allocation of `call` fail until it does not reach so many. Each failed
// call must give ENOMEM; then `call` has succeeded once. Returns how many allocations there were.
template <typename Call>
int fail_each_allocation(Call call) {
  for (unsigned n = 1;; ++n) {
    kernel::fault_inject_fail_nth(n);
    const int result = call();
    const bool failed = kernel::fault_inject_disarm();
    if (!failed) {
      EXPECT_GE(result, 0);
      return static_cast<int>(n) - 1;
    }
    EXPECT_EQ(result, -ENOMEM) << "allocation " << n;
    if (result != -ENOMEM) return -1;
  }
}

TEST_F(Limits, NoMemoryForOpen) {
  close_device();
  int fd = -1;
  EXPECT_GE(fail_each_allocation([&] { return fd = dev_open(); }), 2) << "a file and a pool";
  EXPECT_EQ(create_list(fd), 1);
  EXPECT_EQ(dev_close(fd), 0);
}

TEST_F(Limits, NoMemoryForCreate) {
  for (int expected = 2; expected < 300; ++expected) {  // the id tree grows on the way
    EXPECT_GE(fail_each_allocation([&] { return create_list(fd_) == expected ? 0 : -ENOMEM; }), 1);
  }
  EXPECT_EQ(create_list(fd_), 300) << "a failed call takes no id";
}

TEST_F(Limits, NoMemoryForScheduler) {
  EXPECT_GE(fail_each_allocation([&] { return enter_scheduler(fd_, list_); }), 2);
  EXPECT_EQ(take_event_type(fd_), SCHEDULER_STARTUP);
  Worker worker(fd_, list_);
  run_workers(fd_, list_, 1);
}

// The call that succeeds suspends: the sites after its last allocation are other people's. So each
// site is failed on a thread of its own, which succeeds the second time.
TEST_F(Limits, NoMemoryForWorker) {
  become_scheduler(fd_, list_);
  bool more = true;
  for (unsigned n = 1; more; ++n) {
    Thread worker([&] {
      kernel::fault_inject_fail_nth(n);
      const int result = enter_worker(fd_, list_);
      more = kernel::fault_inject_disarm();
      EXPECT_EQ(result, more ? -ENOMEM : 0) << "allocation " << n;
      if (more) {
        EXPECT_EQ(exit_worker(fd_), -ESRCH) << "nothing registered";
        EXPECT_EQ(enter_worker(fd_, list_), 0);
      }
      EXPECT_EQ(exit_worker(fd_), 0);
    });
    run_workers(fd_, list_, 1);
  }
}

// EXEC reserves room for the event: if there is none the worker is not claimed.
TEST_F(Limits, NoMemoryForEvents) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  constexpr int kYields = 70;
  Worker worker(fd_, list_, [&] {
    for (int i = 0; i < kYields; ++i) EXPECT_EQ(yield(fd_), 0);
  });
  int failures = 0;
  for (int i = 0; i <= kYields; ++i) {
    ASSERT_EQ(dequeue(fd_, list_), worker.tid());
    failures += fail_each_allocation([&] { return execute(fd_, worker.tid()); });
  }
  EXPECT_GE(failures, 3) << "a queue that doubles";
  EXPECT_EQ(take_event_type(fd_), SCHEDULER_STARTUP);
  for (int i = 0; i < kYields; ++i) EXPECT_EQ(take_event_type(fd_), THREAD_YIELD);
  EXPECT_EQ(take_event_type(fd_), THREAD_TERMINATED);
}

// "Out of descriptors"
TEST_F(Limits, NoDescriptorLeft) {
  SKIP_UNDER_EMULATOR("it has no process_vm_writev, and a pipe needs descriptors");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(fd_) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(dev_dup(fd_), -EMFILE);
  EXPECT_EQ(dev_open_elsewhere(), -EMFILE);
  EXPECT_EQ(create_list(fd_), 2) << "what is open works";
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  const int copy = dev_dup(fd_);
  EXPECT_GE(copy, 0);
  EXPECT_EQ(dev_close(copy), 0);
}

TEST_F(Limits, ManyFiles) {
  constexpr int kFiles = 100;
  std::vector<int> files;
  for (int i = 0; i < kFiles; ++i) {
    files.push_back(dev_open_elsewhere());
    ASSERT_GE(files.back(), 0);
    EXPECT_EQ(create_list(files.back()), 1);
  }
  for (const int fd : files) EXPECT_EQ(dev_close(fd), 0);
}

TEST_F(Limits, ManyThreads) {
  constexpr int kWorkers = UMS_SANITIZE_ADDRESS || UMS_SANITIZE_THREAD ? 200 : 2000;
  std::vector<std::unique_ptr<Worker>> workers;
  int ran = 0;
  for (int i = 0; i < kWorkers; ++i) {
    workers.push_back(std::make_unique<Worker>(fd_, list_, [&] {
      EXPECT_EQ(yield(fd_), 0);
      ++ran;
    }));
  }
  become_scheduler(fd_, list_);
  const std::vector<pid_t> batch = take_batch(fd_, list_);
  ASSERT_EQ(batch.size(), workers.size());
  for (std::size_t i = 0; i < batch.size(); ++i) EXPECT_EQ(batch[i], workers[i]->tid());
  for (const pid_t worker : batch) {
    EXPECT_EQ(execute(fd_, worker), 0);
    EXPECT_EQ(take_event_type(fd_), THREAD_YIELD);
  }
  run_workers(fd_, list_, kWorkers);
  workers.clear();
  EXPECT_EQ(ran, kWorkers);
}

TEST_F(Limits, ManySchedulers) {
  constexpr int kSchedulers = 100;
  std::vector<std::unique_ptr<Thread>> schedulers;
  for (int i = 0; i < kSchedulers; ++i) {
    schedulers.push_back(std::make_unique<Thread>([&] {
      become_scheduler(fd_, list_);
      EXPECT_EQ(execute(fd_, dequeue(fd_, list_)), 0);
    }));
    wait_until_blocked(schedulers.back()->tid());
  }
  for (int i = 0; i < kSchedulers; ++i) Worker worker(fd_, list_);
}

}  // namespace
}  // namespace ums::test
