// SPDX-License-Identifier: Apache-2.0
//
// Signals that concern the process: those that it is sent, its own faults, stops. architecture.md:
// "a process-directed signal that it happened to take goes to a thread that is not parked"; the
// program's own faults (a real SIGSEGV in user code) still reach its own handler or kill it as
// usual.
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

#include "support/pages.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

using Faults = SystemTest;

std::atomic<int> handled{0};
std::atomic<pthread_t> handled_by{};
char* protected_page = nullptr;

void note(int) {
  handled_by = pthread_self();
  ++handled;
}

bool exited_with_0(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

void block(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

// Main becomes a worker; `scheduling` schedules it, and `inside` runs while it is suspended.
void with_main_captured(const std::function<void()>& prepare,
                        const std::function<void(int fd, int list)>& inside,
                        const std::function<void()>& as_main) {
  handled = 0;
  signal(SIGUSR1, note);
  const int fd = dev_open();
  const int list = create_list(fd);
  const pid_t main_thread = thread_id();
  Thread scheduler([&] {
    prepare();
    become_scheduler(fd, list);
    wait_until_suspended(main_thread);
    inside(fd, list);
    run_workers(fd, list, 1);
  });
  EXPECT_EQ(enter_worker(fd, list), 0);
  as_main();
  EXPECT_EQ(exit_worker(fd), 0);
  scheduler.join();
  EXPECT_EQ(dev_close(fd), 0);
}

// The main thread as a worker, and a signal for the process: another thread takes it.
TEST_F(Faults, ProcessSignalWhileMainIsCaptured) {
  SKIP_IN_SERVER("signals are Linux's");
  EXPECT_TRUE(exited_with_0(in_child([] {
    with_main_captured([] {},
                       [](int, int) {
                         for (int i = 1; i <= 10; ++i) {
                           EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
                           wait_until([i] { return handled == i; });
                           EXPECT_TRUE(pthread_equal(handled_by, pthread_self()));
                         }
                       },
                       [] {});
  })));
}

// Nobody else wants it: it stays pending until the main thread, which does not block it, is home.
TEST_F(Faults, ProcessSignalWhileMainIsCapturedAndOthersBlockIt) {
  SKIP_IN_SERVER("signals are Linux's");
  EXPECT_TRUE(exited_with_0(in_child([] {
    with_main_captured([] { block(SIGUSR1); },
                       [](int, int) {
                         EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
                         EXPECT_EQ(handled, 0);
                       },
                       [] { EXPECT_EQ(handled, 0) << "its carrier blocks it"; });
    wait_until([] { return handled == 1; });
    EXPECT_TRUE(pthread_equal(handled_by, pthread_self()));
  })));
}

TEST_F(Faults, ProcessSignalWithWorkersSuspended) {
  EXPECT_TRUE(exited_with_0(in_child([] {
    handled = 0;
    signal(SIGUSR1, note);
    const int fd = dev_open();
    const int list = create_list(fd);
    Worker first(fd, list);
    Worker second(fd, list);
    const pthread_t self = pthread_self();
    for (int i = 1; i <= 10; ++i) {
      EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
      wait_until([i] { return handled == i; });
      EXPECT_TRUE(pthread_equal(handled_by, self)) << "the only thread that is not parked";
    }
    become_scheduler(fd, list);
    run_workers(fd, list, 2);
  })));
}

// ---- faults of the program

void touch_protected_page(int fd, int list, std::function<void()> after) {
  const Pages pages;
  protected_page = pages.read_only();
  Worker worker(fd, list, [&] {
    *protected_page = 1;
    after();
  });
  become_scheduler(fd, list);
  run_workers(fd, list, 1);
}

// In the next test and in AbortInAWorkerKills the scheduler is not the main thread. qemu-user dies
// by a signal to the process, while its other threads are stopped: a parked one might take it, if
// there were no main thread that has it unblocked.
TEST_F(Faults, SegmentationFaultInAWorkerKills) {
  const int status = in_child([] {
    signal(SIGSEGV, SIG_DFL);
    Thread scheduler([] {
      const int fd = dev_open();
      touch_protected_page(fd, create_list(fd), [] {});
    });
  });
  if (UMS_SANITIZE_ADDRESS || UMS_SANITIZE_THREAD) {
    EXPECT_FALSE(exited_with_0(status)) << status;
  } else {
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) << status;
  }
}

TEST_F(Faults, SegmentationFaultInAWorkerReachesTheHandler) {
  EXPECT_TRUE(exited_with_0(in_child([] {
    handled = 0;
    signal(SIGSEGV, [](int signal) {
      note(signal);
      mprotect(protected_page, Pages::kBytes, PROT_READ | PROT_WRITE);
    });
    const int fd = dev_open();
    touch_protected_page(fd, create_list(fd), [fd] {
      EXPECT_EQ(*protected_page, 1) << "the access was repeated";
      EXPECT_EQ(yield(fd), 0);
      EXPECT_TRUE(pthread_equal(handled_by, pthread_self()));
    });
    EXPECT_EQ(handled, 1);
    signal(SIGSEGV, SIG_DFL);
  })));
}

TEST_F(Faults, AbortInAWorkerKills) {
  const int status = in_child([] {
    signal(SIGABRT, SIG_DFL);
    Thread scheduler([] {
      const int fd = dev_open();
      const int list = create_list(fd);
      Worker worker(fd, list, [] { std::abort(); });
      become_scheduler(fd, list);
      run_workers(fd, list, 1);
    });
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
}

TEST_F(Faults, RaiseInAWorkerIsHandledBeforeItReturns) {
  EXPECT_TRUE(exited_with_0(in_child([] {
    handled = 0;
    signal(SIGUSR1, note);
    const int fd = dev_open();
    const int list = create_list(fd);
    Worker worker(fd, list, [] {
      EXPECT_EQ(raise(SIGUSR1), 0);
      EXPECT_EQ(handled, 1);
      EXPECT_TRUE(pthread_equal(handled_by, pthread_self()));
    });
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
  })));
}

// ---- stops

struct Pipe {
  Pipe() { EXPECT_EQ(pipe(ends), 0); }
  int ends[2];  // to read from, to write to
};

// Has a worker suspended, a scheduler blocked, and one in EXEC under a worker that says so through
// `ready` and waits for `go_on`.
void be_stopped(const Pipe& ready, const Pipe& go_on) {
  const int fd = dev_open();
  const int list = create_list(fd);
  const int other = create_list(fd);
  char byte = 0;
  Worker suspended(fd, list);
  Thread blocked([&] {
    become_scheduler(fd, other);
    run_workers(fd, other, 1);
  });
  wait_until_blocked(blocked.tid());
  Worker running(fd, list, [&] {
    EXPECT_EQ(write(ready.ends[1], "r", 1), 1);
    EXPECT_EQ(read(go_on.ends[0], &byte, 1), 1);
  });
  become_scheduler(fd, list);
  run_workers(fd, list, 2);
  EXPECT_TRUE(task_is(blocked.tid(), kernel::TaskState::kInterruptible));
  Worker last(fd, other);
  blocked.join();
}

// SIGSTOP and SIGCONT: nothing is woken, and everything goes on.
TEST_F(Faults, StopAndContinue) {
  EXPECT_TRUE(exited_with_0(in_child([] {
    const Pipe ready;
    const Pipe go_on;
    const pid_t child = fork();
    if (child == 0) {
      forget_thread_id();
      alarm(100);
      be_stopped(ready, go_on);
      _exit(HasFailure() ? 1 : 0);
    }
    close(ready.ends[1]);
    char byte = 0;
    int status = 0;
    ASSERT_EQ(read(ready.ends[0], &byte, 1), 1);
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(kill(child, SIGSTOP), 0);
      ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
      EXPECT_TRUE(WIFSTOPPED(status));
      ASSERT_EQ(kill(child, SIGCONT), 0);
      ASSERT_EQ(waitpid(child, &status, WCONTINUED), child);
      EXPECT_TRUE(WIFCONTINUED(status));
    }
    ASSERT_EQ(write(go_on.ends[1], "g", 1), 1);
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(exited_with_0(status)) << status;
  })));
}

}  // namespace
}  // namespace ums::test
