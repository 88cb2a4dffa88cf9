// SPDX-License-Identifier: Apache-2.0
//
// The record of calls where signals interrupt them. What it says of calls that end as usual,
// tests/ums/kernel_options_test.sh looks at.
#include "sim_kernel/server/strace.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "support/await.h"
#include "support/door.h"
#include "support/server/served.h"
#include "support/temp_file.h"
#include "support/thread.h"

namespace ums::test {
namespace {

// The lines of a thread, without its id.
std::vector<std::string> lines_of(const std::vector<std::string>& all, pid_t tid) {
  const std::string id = fmt::format("[{}] ", tid);
  std::vector<std::string> lines;
  for (const std::string& line : all) {
    if (line.starts_with(id)) lines.push_back(line.substr(id.size()));
  }
  return lines;
}

// The threads of the record, in the order in which they first call.
std::vector<pid_t> threads_of(const std::vector<std::string>& all) {
  std::vector<pid_t> threads;
  for (const std::string& line : all) {
    const pid_t tid = std::stoi(line.substr(1));
    if (std::find(threads.begin(), threads.end(), tid) == threads.end()) threads.push_back(tid);
  }
  return threads;
}

void interrupt_by_signal(const Thread& thread) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, nullptr);
  pthread_kill(thread.handle(), SIGUSR1);
}

TEST(Strace, ACallThatIsContinued) {
  const TempFile file;
  ASSERT_EQ(kernel::strace_start(file.path()), 0);
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    std::atomic<bool> interrupted{false};
    Thread worker([&] {
      EXPECT_EQ(enter_worker(fd, list), -EINTR);
      EXPECT_EQ(yield(fd), -EBUSY);
      interrupted = true;
      EXPECT_EQ(enter_worker(fd, list), 0);
      EXPECT_EQ(exit_worker(fd), 0);
    });
    wait_until_suspended(worker.tid());
    interrupt_by_signal(worker);
    wait_until([&] { return interrupted.load(); });
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
  };
  EXPECT_EQ(served(program), 0);
  const std::vector<std::string> all = file.lines();
  const std::vector<pid_t> threads = threads_of(all);
  ASSERT_EQ(threads.size(), 2U);
  const std::vector<std::string> worker = lines_of(all, threads[1]);
  const std::string enter =
      "IOCTL_ENTER_UMS({flags=ENTER_UMS_WORK, ums_complist=1} <suspended ...>";
  ASSERT_EQ(worker.size(), 5U);
  EXPECT_EQ(worker[0], enter);
  EXPECT_EQ(worker[1], "IOCTL_UMS_YIELD(0x0) = -1 EBUSY (Device or resource busy)");
  EXPECT_EQ(worker[2], enter);
  EXPECT_EQ(worker[3], "<... IOCTL_ENTER_UMS resumed>) = 0");
  EXPECT_EQ(worker[4], "IOCTL_EXIT_UMS() = 0");
}

TEST(Strace, AnswersThatNobodyTakes) {
  const TempFile file;
  ASSERT_EQ(kernel::strace_start(file.path()), 0);
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    std::atomic<bool> interrupted{false};
    Thread scheduler([&] {
      become_scheduler(fd, list);
      EXPECT_EQ(dequeue(fd, list), -EINTR);
      EXPECT_EQ(delete_list(fd, 77), -EINVAL);
      interrupted = true;
    });
    wait_until_blocked(scheduler.tid());
    interrupt_by_signal(scheduler);
    wait_until([&] { return interrupted.load(); });
  };
  EXPECT_EQ(served(program), 0);
  const std::vector<std::string> all = file.lines();
  const std::vector<std::string> scheduler = lines_of(all, threads_of(all).back());
  ASSERT_EQ(scheduler.size(), 5U);
  EXPECT_EQ(scheduler[1], "IOCTL_UMS_SCHED_DQEVENT({type=SCHEDULER_STARTUP}) = 0");
  EXPECT_EQ(scheduler[2], "IOCTL_DEQUEUE_UMS_CLIST({ums_complist=1} <suspended ...>");
  EXPECT_EQ(scheduler[3], "<... IOCTL_DEQUEUE_UMS_CLIST resumed>) = ?");
  EXPECT_EQ(scheduler[4], "IOCTL_DELETE_UMS_CLIST(77) = -1 EINVAL (Invalid argument)");
}

TEST(Strace, SaysWhyItCannotBeWritten) {
  EXPECT_EQ(kernel::strace_start("/no-such-folder/record"), ENOENT);
  EXPECT_FALSE(kernel::strace_on);
}

}  // namespace
}  // namespace ums::test
