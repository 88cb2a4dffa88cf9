// SPDX-License-Identifier: Apache-2.0
//
// Programs that execute another program in the middle: roles and calls of the old image end, as if
// its threads had been killed, and nobody else is harmed.
#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <random>
#include <string>
#include <vector>

#include "support/await.h"
#include "support/door.h"
#include "support/kernel_view.h"
#include "support/seed.h"
#include "support/server/served.h"
#include "support/thread.h"

namespace ums::test {
namespace {

// An image that lives until its standard input is closed, and calls much as it starts.
void exec_cat() {
  execl("/bin/cat", "cat", nullptr);
  ADD_FAILURE() << "cat cannot be executed";
}

// A process that runs `body` with a pipe as its standard input, and is killed.
class Child {
 public:
  template <typename Body>
  explicit Child(Body body) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[0], STDIN_FILENO);
      forget_thread_id();
      body();
      for (;;) pause();
    }
    close(ends[0]);
    input_ = ends[1];
  }
  ~Child() {
    kill(pid_, SIGKILL);
    EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
    close(input_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
};

// Memory that forked processes share.
template <typename T>
T& shared() {
  void* const memory =
      mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *new (memory) T{};
}

std::string name_of(pid_t pid) {
  char name[32] = "";
  const int fd = open(fmt::format("/proc/{}/comm", pid).c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t count = read(fd, name, sizeof name - 1);
  close(fd);
  return {name, static_cast<std::size_t>(std::max<ssize_t>(count, 1) - 1)};
}

// Linux names a process after its image, a moment after the old one is gone.
void wait_until_named(pid_t pid, const std::string& name) {
  wait_until([&] { return name_of(pid) == name; });
}

void wait_until_gone(pid_t tid) {
  wait_until([tid] { return !task_exists(tid); });
}

TEST(Exec, WorkerThatRuns) {
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    Child worker([&] {
      EXPECT_EQ(enter_worker(fd, list), 0);
      exec_cat();
    });
    wait_until_suspended(worker.pid());
    become_scheduler(fd, list);
    EXPECT_EQ(dequeue(fd, list), worker.pid());
    EXPECT_EQ(execute(fd, worker.pid()), 0);
    EXPECT_EQ(take_event_type(fd), THREAD_TERMINATED);
    wait_until_named(worker.pid(), "cat");
  };
  EXPECT_EQ(served(program), 0);
}

// The new image makes no call that the kernel process hears of.
TEST(Exec, QuietImage) {
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    Child worker([&] {
      EXPECT_EQ(enter_worker(fd, list), 0);
      execl(UMS_TEST_QUIET_PROGRAM, "quiet", nullptr);
    });
    wait_until_suspended(worker.pid());
    become_scheduler(fd, list);
    EXPECT_EQ(dequeue(fd, list), worker.pid());
    EXPECT_EQ(execute(fd, worker.pid()), 0);
    EXPECT_EQ(take_event_type(fd), THREAD_TERMINATED);
    wait_until_named(worker.pid(), "quiet_program");
  };
  EXPECT_EQ(served(program), 0);
}

// Of three threads the first is suspended in YIELD, the second waits in EXEC, the third executes.
void exec_among_three(int fd, int list, std::atomic<pid_t>* tids, bool by_leader) {
  std::atomic<bool> yielded{false};
  Thread worker([&] {
    tids[0] = thread_id();
    enter_worker(fd, list);
    yield(fd);
  });
  wait_until_suspended(worker.tid());
  Thread runner([&] {
    tids[1] = thread_id();
    enter_worker(fd, list);
    wait_until([&] { return yielded.load(); });
    for (;;) pause();
  });
  wait_until_suspended(runner.tid());
  Thread scheduler([&] {
    tids[2] = thread_id();
    become_scheduler(fd, list);
    for (const pid_t each : take_batch(fd, list)) execute(fd, each);
  });
  wait_until_executing(scheduler.tid());
  wait_until([&] { return task_is(worker.tid(), kernel::TaskState::kSuspended); });
  wait_until([&] { return task_is(runner.tid(), kernel::TaskState::kRunning); });
  yielded = true;
  if (by_leader) exec_cat();
  Thread other(exec_cat);
  for (;;) pause();
}

void expect_all_end(bool by_leader) {
  using Tids = std::array<std::atomic<pid_t>, 3>;
  Tids& tids = shared<Tids>();
  const int fd = dev_open();
  const int list = create_list(fd);
  Child child([&] { exec_among_three(fd, list, tids.data(), by_leader); });
  wait_until_named(child.pid(), "cat");
  for (const auto& tid : tids) wait_until_gone(tid);
  wait_until_gone(child.pid());
  Worker worker(fd, list);
  become_scheduler(fd, list);
  EXPECT_EQ(take_batch(fd, list), std::vector<pid_t>{worker.tid()}) << "the old one is gone";
  EXPECT_EQ(execute(fd, worker.tid()), 0);
}

TEST(Exec, OfTheLeaderAmongOtherThreads) {
  EXPECT_EQ(served([] { expect_all_end(true); }), 0);
}

TEST(Exec, OfAnotherThread) {
  EXPECT_EQ(served([] { expect_all_end(false); }), 0);
}

TEST(Exec, ThatFailsChangesNothing) {
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    Worker worker(fd, list, [fd] {
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(execl("/no-such-program", "program", nullptr), -1);
        EXPECT_EQ(errno, ENOENT);
        EXPECT_EQ(yield(fd), 0);
        EXPECT_EQ(execl("/", "folder", nullptr), -1);
      }
    });
    Worker other(fd, list);
    become_scheduler(fd, list);
    run_workers(fd, list, 2);
  };
  EXPECT_EQ(served(program), 0);
}

// A file without O_CLOEXEC is there afterwards, with its lists; one with it is closed.
TEST(Exec, FilesThatStay) {
  const auto program = [] {
    int& fds = shared<int>();
    Child child([&] {
      const int fd = dev_open();
      create_list(fd);
      fds = fd;
      exec_cat();
    });
    wait_until_named(child.pid(), "cat");
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, child.pid(), 0));
    const int fd = static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, fds, 0));
    close(pidfd);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(create_list(fd), 2) << "the list of the old image is there";
    EXPECT_EQ(delete_list(fd, 1), 0);
  };
  EXPECT_EQ(served(program), 0);
}

TEST(Exec, FilesThatGo) {
  const auto program = [] {
    Child child([&] {
      const int fd = dev_open(O_RDONLY | O_CLOEXEC);
      Thread worker([&] { enter_worker(fd, create_list(fd)); });
      wait_until_suspended(worker.tid());
      exec_cat();
    });
    wait_until_named(child.pid(), "cat");
    wait_until([&] { return live_objects()["ums_data"] == 0; });
  };
  EXPECT_EQ(served(program), 0);
}

// Its parent's image stays, and so do the parent's roles.
TEST(Exec, ChildrenOfVfork) {
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    Worker worker(fd, list, [fd] {
      for (int i = 0; i < 20; ++i) {
        char* const words[] = {const_cast<char*>("true"), nullptr};
        pid_t child = -1;
        EXPECT_EQ(posix_spawn(&child, "/bin/true", nullptr, nullptr, words, environ), 0);
        EXPECT_EQ(yield(fd), 0);
        int status = -1;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
      }
    });
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
  };
  EXPECT_EQ(served(program), 0);
}

// Its memory is its parent's until it executes, and stays then.
TEST(Exec, ChildOfVforkWithARole) {
  const auto program = [] {
    const int fd = dev_open();
    const enter_ums_mode_args args{ENTER_UMS_SCHED, create_list(fd)};
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = vfork();
    if (child == 0) {
      dup2(ends[0], STDIN_FILENO);
      if (ioctl(fd, IOCTL_ENTER_UMS, &args) != 0) _exit(1);
      execl("/bin/cat", "cat", nullptr);
      _exit(1);
    }
    wait_until_gone(child);
    wait_until_named(child, "cat");
    close(ends[1]);
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  };
  EXPECT_EQ(served(program), 0);
}

// Of a program whose threads yield to one another for ever, one executes.
void take_turns_and_exec(std::atomic<pid_t>* tids, bool by_leader, int microseconds) {
  const int fd = dev_open();
  const int list = create_list(fd);
  Thread worker([&] {
    tids[0] = thread_id();
    enter_worker(fd, list);
    for (;;) yield(fd);
  });
  Thread scheduler([&] {
    tids[1] = thread_id();
    become_scheduler(fd, list);
    for (;;) {
      for (const pid_t each : take_batch(fd, list)) execute(fd, each);
      take_event_type(fd);
    }
  });
  usleep(static_cast<useconds_t>(microseconds));  // any moment will do
  if (by_leader) exec_cat();
  Thread other(exec_cat);
  for (;;) pause();
}

TEST(Exec, AtAnyMoment) {
  const auto program = [] {
    using Tids = std::array<std::atomic<pid_t>, 2>;
    Tids& tids = shared<Tids>();
    std::mt19937_64 random(test_seed());
    std::uniform_int_distribution<int> instant(0, 2000);
    for (int i = 0; i < 200; ++i) {
      const int microseconds = instant(random);
      Child child([&] { take_turns_and_exec(tids.data(), i % 2 == 0, microseconds); });
      wait_until_named(child.pid(), "cat");
      for (const auto& tid : tids) wait_until_gone(tid);
      wait_until_gone(child.pid());
    }
  };
  EXPECT_EQ(served(program), 0);
}

// Its end and the clock that looks for the new image may be seen at once.
TEST(Exec, KilledSoonAfter) {
  const auto program = [] {
    std::mt19937_64 random(test_seed());
    std::uniform_int_distribution<useconds_t> instant(0, 3000);
    for (int i = 0; i < 300; ++i) {
      const useconds_t microseconds = instant(random);
      std::atomic<bool>& ready = shared<std::atomic<bool>>();
      Child child([&] {
        const int fd = dev_open();
        become_scheduler(fd, create_list(fd));
        ready = true;
        execl(UMS_TEST_QUIET_PROGRAM, "quiet", nullptr);
      });
      wait_until([&] { return ready.load(); });
      usleep(microseconds);
    }
    wait_until([] { return live_objects()["ums_data"] == 0; });
  };
  EXPECT_EQ(served(program), 0);
}

// Gives the kernel loop something to turn for.
void wait_for_step(const std::atomic<int>& step, int wanted) {
  wait_until([&] {
    ioctl(-1, 0);
    return step == wanted;
  });
}

// The kernel process has no free descriptor while a worker executes: nobody is harmed, and what it
// leaves goes with its process.
TEST(Exec, WithoutDescriptors) {
  std::atomic<int>& step = shared<std::atomic<int>>();
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const auto program = [&step] {
    const int fd = dev_open();
    const int list = create_list(fd);
    {
      Child child([&] {
        Thread worker([&] { enter_worker(fd, list); });
        wait_until_suspended(worker.tid());
        step = 1;
        wait_for_step(step, 2);
        exec_cat();
      });
      wait_for_step(step, 2);
      wait_until_named(child.pid(), "cat");
      step = 3;
      wait_for_step(step, 4);
    }
    Worker worker(fd, list);
    become_scheduler(fd, list);
    EXPECT_EQ(take_batch(fd, list), std::vector<pid_t>{worker.tid()});
    EXPECT_EQ(execute(fd, worker.tid()), 0);
  };
  const auto meanwhile = [&step, &before] {
    const rlimit none{0, before.rlim_max};
    if (step == 1 && setrlimit(RLIMIT_NOFILE, &none) == 0) step = 2;
    if (step == 3 && setrlimit(RLIMIT_NOFILE, &before) == 0) step = 4;
  };
  EXPECT_EQ(served(program, meanwhile), 0);
}

}  // namespace
}  // namespace ums::test
