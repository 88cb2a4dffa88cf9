// SPDX-License-Identifier: Apache-2.0
//
// Calls that a signal interrupts, and answers that come too late: behaviour.md, "Signals to a
// suspended worker", [server].
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>

#include "support/await.h"
#include "support/door.h"
#include "support/seed.h"
#include "support/server/served.h"
#include "support/thread.h"

namespace ums::test {
namespace {

std::atomic<int> handled{0};

void count_signals(int flags) {
  struct sigaction action {};
  action.sa_handler = [](int) { ++handled; };
  action.sa_flags = flags;
  sigaction(SIGUSR1, &action, nullptr);
}

// Sends it and waits until its handler has run.
void interrupt(const Thread& thread) {
  const int before = handled;
  pthread_kill(thread.handle(), SIGUSR1);
  wait_until([before] { return handled > before; });
}

// Makes a call until no signal interrupts it, as our library does.
template <typename Call>
int repeat(Call call) {
  int result = -EINTR;
  while (result == -EINTR) result = call();
  return result;
}

TEST(InterruptedCalls, EnterFailsAndContinuesWhenItIsRepeated) {
  const auto program = [] {
    count_signals(0);
    const int fd = dev_open();
    const int list = create_list(fd);
    std::atomic<int> interrupted{0};
    Thread worker([&] {
      EXPECT_EQ(enter_worker(fd, list), -EINTR);
      EXPECT_EQ(yield(fd), -EBUSY) << "it is suspended still";
      EXPECT_EQ(create_list(fd), -EBUSY);
      interrupted = 1;
      EXPECT_EQ(enter_worker(fd, list), 0);
      EXPECT_EQ(exit_worker(fd), 0);
    });
    wait_until_suspended(worker.tid());
    interrupt(worker);
    wait_until([&] { return interrupted == 1; });
    become_scheduler(fd, list);
    EXPECT_EQ(take_batch(fd, list), std::vector<pid_t>{worker.tid()}) << "one entry";
    EXPECT_EQ(execute(fd, worker.tid()), 0);
    EXPECT_EQ(take_event_type(fd), THREAD_TERMINATED);
    EXPECT_EQ(dev_close(fd), 0);
  };
  EXPECT_EQ(served(program), 0);
}

TEST(InterruptedCalls, EnterGoesOnAfterAHandlerThatRestarts) {
  if (UMS_SANITIZE_THREAD != 0) {
    GTEST_SKIP() << "ThreadSanitizer calls handlers when the call that they interrupt is over";
  }
  const auto program = [] {
    count_signals(SA_RESTART);
    const int fd = dev_open();
    const int list = create_list(fd);
    Worker worker(fd, list);
    for (int i = 0; i < 10; ++i) interrupt(worker);
    become_scheduler(fd, list);
    EXPECT_EQ(take_batch(fd, list), std::vector<pid_t>{worker.tid()});
    interrupt(worker);
    EXPECT_EQ(execute(fd, worker.tid()), 0);
    EXPECT_EQ(take_event_type(fd), THREAD_TERMINATED);
    EXPECT_EQ(worker.entered(), 0);
  };
  EXPECT_EQ(served(program), 0);
}

TEST(InterruptedCalls, DequeueFailsAndTakesNothing) {
  const auto program = [] {
    count_signals(0);
    const int fd = dev_open();
    const int list = create_list(fd);
    std::atomic<int> interrupted{0};
    std::atomic<bool> done{false};
    Thread other([&] {
      become_scheduler(fd, list);
      EXPECT_EQ(dequeue(fd, list), -EINTR);
      interrupted = 1;
      wait_until([&] { return done.load(); });
    });
    wait_until_blocked(other.tid());
    interrupt(other);
    wait_until([&] { return interrupted == 1; });
    Worker worker(fd, list);
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
    done = true;
  };
  EXPECT_EQ(served(program), 0);
}

// "A suspended thread that makes the same call again continues it (no second ... switch, same
// result)": the scheduler, which has executed the worker once.
TEST(InterruptedCalls, ExecIsNotDoneTwice) {
  const auto program = [] {
    count_signals(0);
    const int fd = dev_open();
    const int list = create_list(fd);
    std::atomic<int> step{0};
    Worker worker(fd, list, [&] {
      step = 1;
      wait_until([&] { return step == 2; });
      EXPECT_EQ(yield(fd), 0);
    });
    Thread scheduler([&] {
      become_scheduler(fd, list);
      EXPECT_EQ(dequeue(fd, list), worker.tid());
      EXPECT_EQ(execute(fd, worker.tid()), -EINTR);
      step = 2;
      wait_until_suspended(worker.tid());
      EXPECT_EQ(execute(fd, worker.tid()), 0) << "the first one's result";
      EXPECT_EQ(take_event_type(fd), THREAD_YIELD);
      EXPECT_EQ(execute(fd, worker.tid()), -EBUSY) << "it is in its list";
      run_workers(fd, list, 1);
    });
    wait_until([&] { return step == 1; });
    interrupt(scheduler);
  };
  EXPECT_EQ(served(program), 0);
}

TEST(InterruptedCalls, ContinueAfterAStop) {
  const auto program = [] {
    const pid_t child = fork();
    if (child == 0) {
      const int fd = dev_open();
      const int list = create_list(fd);
      forget_thread_id();
      Worker worker(fd, list, [fd] { EXPECT_EQ(yield(fd), 0); });
      raise(SIGSTOP);
      become_scheduler(fd, list);
      run_workers(fd, list, 1);
      EXPECT_EQ(worker.entered(), 0);
      worker.join();
      _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
    EXPECT_TRUE(WIFSTOPPED(status));
    EXPECT_EQ(kill(child, SIGCONT), 0);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  };
  EXPECT_EQ(served(program), 0);
}

void spin(std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

// Signals for one and the other in turn until they have finished: at any moment, also when an
// answer is on its way. The pauses differ, and let a call through now and then.
void send_signals(const Thread& one, const Thread& other) {
  for (int i = 0; !one.finished() || !other.finished(); ++i) {
    const Thread& target = i % 2 == 0 ? one : other;
    if (!target.finished()) pthread_kill(target.handle(), SIGUSR1);
    sched_yield();
    spin(std::chrono::microseconds(i % 39));
  }
}

// Executes the only worker until it ends. Returns how often it has yielded; `check` gets the
// parameters.
template <typename Check>
int schedule_one(int fd, int list, Check check) {
  EXPECT_EQ(repeat([&] { return enter_scheduler(fd, list); }), 0);
  EXPECT_EQ(repeat([&] { return take_event_type(fd); }), SCHEDULER_STARTUP);
  for (int yields = 0; !testing::Test::HasFailure(); ++yields) {
    const int worker = repeat([&] { return dequeue(fd, list); });
    EXPECT_EQ(repeat([&] { return next(fd, worker); }), 0);
    EXPECT_EQ(repeat([&] { return execute(fd, worker); }), 0);
    ums_sched_event event{};
    EXPECT_EQ(repeat([&] { return take_event(fd, event); }), 0);
    if (event.type == THREAD_TERMINATED) return yields;
    check(yields, reinterpret_cast<long>(event.yield_params.scheduler_params));
  }
  return -1;
}

// Nothing is lost and nothing done twice.
TEST(InterruptedCalls, AnswersThatComeTooLate) {
  const auto program = [] {
    constexpr int kYields = 1000;
    count_signals(0);
    const int fd = dev_open();
    const int list = create_list(fd);
    Thread worker([&] {
      EXPECT_EQ(repeat([&] { return enter_worker(fd, list); }), 0);
      for (long i = 0; i < kYields; ++i) {
        EXPECT_EQ(repeat([&] { return yield(fd, reinterpret_cast<void*>(i)); }), 0);
      }
      EXPECT_EQ(repeat([&] { return exit_worker(fd); }), 0);
    });
    int yields = 0;
    Thread scheduler([&] {
      yields = schedule_one(fd, list, [](int n, long parameter) { EXPECT_EQ(parameter, n); });
    });
    send_signals(scheduler, worker);
    EXPECT_EQ(yields, kYields);
  };
  EXPECT_EQ(served(program), 0);
}

// A thread makes the same call again and again: the next one is not the last one repeated, also if
// a signal comes before the kernel has heard of it.
TEST(InterruptedCalls, EqualCallsAreCalls) {
  const auto program = [] {
    constexpr int kLists = 5000;
    const int fd = dev_open();
    int created = 0;
    const auto create_lists = [&] {
      for (int i = 0; i < kLists; ++i) {
        ASSERT_EQ(repeat([&] { return create_list(fd); }), ++created);
      }
    };
    for (const int flags : {0, SA_RESTART}) {
      count_signals(flags);
      Thread creator(create_lists);
      send_signals(creator, creator);
    }
  };
  EXPECT_EQ(served(program), 0);
}

// Linux cannot be told to end a process when a signal has come first: _exit(2) would return.
TEST(InterruptedCalls, ExitIsNot) {
  // Microseconds; a sanitizer's handler takes long.
  constexpr int kPause = UMS_SANITIZE_ADDRESS != 0 || UMS_SANITIZE_THREAD != 0 ? 2000 : 20;
  const auto program = [] {
    for (int i = 0; i < 1000; ++i) {
      const pid_t child = fork();
      if (child == 0) {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        sigaction(SIGALRM, &action, nullptr);
        const itimerval often = {{0, kPause}, {0, 20 + i % 50}};
        setitimer(ITIMER_REAL, &often, nullptr);
        _exit(7);
      }
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFEXITED(status)) << "by signal " << WTERMSIG(status) << " in child " << i;
      ASSERT_EQ(WEXITSTATUS(status), 7);
    }
  };
  EXPECT_EQ(served(program), 0);
}

// Calls about files, which Linux alone would not let wait.
void call_about_files() {
  struct stat status {};
  char text[64];
  EXPECT_EQ(stat("/etc/passwd", &status), 0);
  EXPECT_EQ(stat("/proc/ums", &status), 0);
  EXPECT_EQ(access("/etc", X_OK), 0);
  EXPECT_GT(readlink("/proc/self/exe", text, sizeof text), 0);
  for (int i = 0; i < 2; ++i) {
    const int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    EXPECT_GE(fd, 0);
    EXPECT_EQ(fstat(fd, &status), 0);
    EXPECT_EQ(isatty(fd), 0);
    EXPECT_EQ(errno, ENOTTY);
    close(fd);
  }
}

TEST(InterruptedCalls, ThoseAboutFilesAreNot) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "a call's first argument is lost where its result takes its place";
#endif
  const auto program = [] {
    count_signals(0);
    Thread thread([] {
      for (int i = 0; i < 300 && !testing::Test::HasFailure(); ++i) call_about_files();
    });
    send_signals(thread, thread);
  };
  EXPECT_EQ(served(program), 0);
}

// An open that waits by itself.
TEST(InterruptedCalls, OpenOfAFifoIs) {
  const std::string name = "/tmp/ums-fifo-" + std::to_string(getpid());
  ASSERT_EQ(mkfifo(name.c_str(), 0600), 0);
  const auto program = [&name] {
    count_signals(0);
    for (int i = 0; i < 20; ++i) {
      std::atomic<bool> over{false};
      Thread thread([&] {
        EXPECT_EQ(open(name.c_str(), O_RDONLY), -1);
        EXPECT_EQ(errno, EINTR);
        over = true;
      });
      while (!over) {
        pthread_kill(thread.handle(), SIGUSR1);
        usleep(1000);  // for the open to wait
      }
    }
  };
  EXPECT_EQ(served(program), 0);
  unlink(name.c_str());
}

// Handlers that interrupt one another's return, which makes a notification too (lost_answer.h).
TEST(InterruptedCalls, ReturnsOfHandlersAreNot) {
  const auto program = [] {
    for (const int signal : {SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2}) {
      struct sigaction action {};
      action.sa_handler = [](int) { ++handled; };
      sigaction(signal, &action, nullptr);
    }
    const itimerval often = {{0, 50}, {0, 50}};
    setitimer(ITIMER_REAL, &often, nullptr);
    const pthread_t target = pthread_self();
    std::atomic<bool> over{false};
    Thread sender([&] {
      while (!over) {
        pthread_kill(target, SIGUSR1);
        pthread_kill(target, SIGUSR2);
        usleep(20);  // or no handler would ever return
      }
    });
    const int wanted = handled + 5000;
    while (handled < wanted) {
    }
    over = true;
    sender.join();
    const itimerval never = {};
    setitimer(ITIMER_REAL, &never, nullptr);
  };
  EXPECT_EQ(served(program), 0);
}

}  // namespace
}  // namespace ums::test
