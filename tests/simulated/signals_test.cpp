// SPDX-License-Identifier: Apache-2.0
//
// Signals that threads of a simulation send: their handlers run in the threads that were meant, at
// scheduling points, and waits end for them as elsewhere.
#include <gtest/gtest.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sim_kernel/base/raw_syscall.h"
#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

// What handlers have seen, in turn: by whom, which signal, with what value.
struct Seen {
  pthread_t by;
  int signal;
  int value;
};
std::vector<Seen> seen;

void note(int signal, siginfo_t* info, void*) {
  seen.push_back(
      {pthread_self(), signal, info->si_code == SI_QUEUE ? info->si_value.sival_int : 0});
}

// A handler while it lives.
class Handler {
 public:
  explicit Handler(int signal, int flags = 0, void (*handler)(int, siginfo_t*, void*) = note)
      : signal_(signal) {
    seen.clear();
    struct sigaction action {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    sigaction(signal, &action, &before_);
  }
  ~Handler() { sigaction(signal_, &before_, nullptr); }

 private:
  const int signal_;
  struct sigaction before_ {};
};

// Keeps `signal` blocked in the calling thread.
class Blocked {
 public:
  explicit Blocked(int signal) {
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
  }
  ~Blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  sigset_t set;

 private:
  sigset_t before_;
};

// By the bare system call, to whatever kernel thread Linux chooses: here the only one that is not
// parked.
void sigqueue_by_linux(pid_t pid) {
  siginfo_t info{};
  info.si_signo = SIGUSR1;
  info.si_code = SI_QUEUE;
  info.si_pid = pid;
  kernel::raw_syscall(SYS_rt_tgsigqueueinfo, pid, kernel::raw_syscall(SYS_gettid), SIGUSR1,
                      kernel::syscall_arg(&info));
}

TEST(Signals, HandlerRunsInTheThreadThatIsMeant) {
  expect_right([] {
    const Handler handler(SIGUSR1, SA_RESTART);
    std::atomic<bool> end{false};
    std::thread target([&] {
      while (!end) sched_yield();
    });
    const pthread_t handle = target.native_handle();
    EXPECT_EQ(pthread_kill(handle, SIGUSR1), 0);
    end = true;
    target.join();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].by, handle);
  });
}

TEST(Signals, ToOneselfIsHandledBeforeTheCallReturns) {
  expect_right([] {
    const Handler handler(SIGUSR1);
    std::thread([] {
      const auto expect_seen = [](std::size_t count) {
        ASSERT_EQ(seen.size(), count);
        EXPECT_EQ(seen.back().by, pthread_self());
      };
      EXPECT_EQ(raise(SIGUSR1), 0);
      expect_seen(1);
      EXPECT_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
      expect_seen(2);
      EXPECT_EQ(tgkill(getpid(), gettid(), SIGUSR1), 0);
      expect_seen(3);
    }).join();
  });
}

TEST(Signals, EndsASleepAndASemaphoresWait) {
  expect_right([] {
    const Handler handler(SIGUSR1);
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    std::atomic<int> ready{0};
    std::thread sleeper([&] {
      ++ready;
      timespec left{};
      const timespec hour = {3600, 0};
      while (nanosleep(&hour, &left) == 0) {
      }
      EXPECT_EQ(errno, EINTR);
      EXPECT_LE(left.tv_sec, 3600);
      EXPECT_GT(left.tv_sec, 0);
    });
    std::thread waiter([&] {
      ++ready;
      EXPECT_EQ(sem_wait(&semaphore), -1);
      EXPECT_EQ(errno, EINTR);
    });
    // They are asleep when time passes.
    while (ready < 2) sched_yield();
    usleep(1000);
    pthread_kill(sleeper.native_handle(), SIGUSR1);
    pthread_kill(waiter.native_handle(), SIGUSR1);
    sleeper.join();
    waiter.join();
    EXPECT_EQ(seen.size(), 2U);
    sem_destroy(&semaphore);
  });
}

TEST(Signals, ARestartedWaitGoesOn) {
  expect_right([] {
    const Handler handler(SIGUSR1, SA_RESTART);
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    std::mutex mutex;
    mutex.lock();
    std::thread waiter([&] { EXPECT_EQ(sem_wait(&semaphore), 0); });
    std::thread locker([&] { const std::lock_guard guard(mutex); });
    usleep(1000);
    pthread_kill(waiter.native_handle(), SIGUSR1);
    pthread_kill(locker.native_handle(), SIGUSR1);
    usleep(1000);
    EXPECT_EQ(seen.size(), 2U) << "handlers run while their threads wait";
    sem_post(&semaphore);
    mutex.unlock();
    waiter.join();
    locker.join();
    sem_destroy(&semaphore);
  });
}

// A handler may do what it may do elsewhere.
sem_t posted_by_handler;

TEST(Signals, HandlerPostsASemaphore) {
  expect_right([] {
    const Handler handler(SIGUSR1, SA_RESTART,
                          [](int, siginfo_t*, void*) { sem_post(&posted_by_handler); });
    sem_init(&posted_by_handler, 0, 0);
    pthread_kill(pthread_self(), SIGUSR1);
    EXPECT_EQ(sem_wait(&posted_by_handler), 0);
    std::thread waiter([] { EXPECT_EQ(sem_wait(&posted_by_handler), 0); });
    pthread_kill(waiter.native_handle(), SIGUSR1);
    waiter.join();
    sem_destroy(&posted_by_handler);
  });
}

TEST(Signals, MasksAreEachThreadsOwn) {
  expect_right([] {
    const Handler handler(SIGUSR1, SA_RESTART);
    std::atomic<bool> blocked{false};
    std::thread blocker([&] {
      {
        const Blocked mine(SIGUSR1);
        blocked = true;
        usleep(1000);
        EXPECT_EQ(seen.size(), 1U) << "the other's";
        sigset_t pending;
        sigpending(&pending);
        EXPECT_EQ(sigismember(&pending, SIGUSR1), 1);
      }
      EXPECT_EQ(seen.size(), 2U);
      EXPECT_EQ(seen.back().by, pthread_self());
    });
    while (!blocked) sched_yield();
    pthread_kill(blocker.native_handle(), SIGUSR1);
    EXPECT_EQ(seen.size(), 0U);
    raise(SIGUSR1);
    EXPECT_EQ(seen.size(), 1U) << "it is not blocked here";
    blocker.join();
  });
}

TEST(Signals, OfTheProcessGoesToOneThatDoesNotBlockIt) {
  expect_right([] {
    const Handler handler(SIGUSR1, SA_RESTART);
    const Blocked here(SIGUSR1);
    std::atomic<bool> end{false};
    std::thread taker([&] {
      pthread_sigmask(SIG_UNBLOCK, &here.set, nullptr);
      while (!end) sched_yield();
    });
    EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
    while (seen.empty()) sched_yield();
    EXPECT_EQ(seen[0].by, taker.native_handle());
    end = true;
    taker.join();
    EXPECT_EQ(seen.size(), 1U);
  });
}

TEST(Signals, RealTimeOnesQueueWithTheirValues) {
  expect_right([] {
    const int signal = SIGRTMIN + 1;
    const Handler handler(signal, SA_RESTART);
    const Handler other(SIGUSR2, SA_RESTART);
    {
      const Blocked here(signal);
      for (int i = 1; i <= 3; ++i) {
        sigval value{};
        value.sival_int = i;
        EXPECT_EQ(i == 2 ? sigqueue(getpid(), signal, value)
                         : pthread_sigqueue(pthread_self(), signal, value),
                  0);
      }
      EXPECT_EQ(seen.size(), 0U);
    }
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0].value, 1);
    EXPECT_EQ(seen[1].value, 3) << "the thread's own come first";
    EXPECT_EQ(seen[2].value, 2);
  });
}

TEST(Signals, AreWaitedFor) {
  expect_right([] {
    const Blocked everywhere(SIGUSR1);
    std::thread waiter([&] {
      int signal = 0;
      EXPECT_EQ(sigwait(&everywhere.set, &signal), 0);
      EXPECT_EQ(signal, SIGUSR1);
      siginfo_t info{};
      EXPECT_EQ(sigwaitinfo(&everywhere.set, &info), SIGUSR1);
      EXPECT_EQ(info.si_pid, getpid());
      const timespec second = {1, 0};
      EXPECT_EQ(sigtimedwait(&everywhere.set, nullptr, &second), -1);
      EXPECT_EQ(errno, EAGAIN);
      sem_post(&posted_by_handler);
    });
    sem_init(&posted_by_handler, 0, 0);
    kill(getpid(), SIGUSR1);
    usleep(1000);
    pthread_kill(waiter.native_handle(), SIGUSR1);
    while (sem_wait(&posted_by_handler) != 0) {
    }
    waiter.join();
    sem_destroy(&posted_by_handler);
  });
}

TEST(Signals, PauseAndSigsuspendReturnAfterAHandler) {
  expect_right([] {
    const Handler handler(SIGUSR1);
    const Blocked everywhere(SIGUSR1);
    std::thread pauser([&] {
      sigset_t nothing;
      sigemptyset(&nothing);
      EXPECT_EQ(sigsuspend(&nothing), -1);
      EXPECT_EQ(errno, EINTR);
      EXPECT_EQ(seen.size(), 1U);
      sigset_t mask;
      pthread_sigmask(SIG_BLOCK, nullptr, &mask);
      EXPECT_EQ(sigismember(&mask, SIGUSR1), 1);
    });
    pthread_kill(pauser.native_handle(), SIGUSR1);
    pauser.join();

    std::thread second([&] {
      pthread_sigmask(SIG_UNBLOCK, &everywhere.set, nullptr);
      EXPECT_EQ(pause(), -1);
      EXPECT_EQ(errno, EINTR);
      EXPECT_EQ(seen.size(), 2U);
    });
    usleep(1000);
    pthread_kill(second.native_handle(), SIGUSR1);
    second.join();
  });
}

TEST(Signals, AlarmComesInVirtualTime) {
  expect_right([] {
    const Handler handler(SIGALRM);
    alarm(3600);
    EXPECT_EQ(sleep(7200), 3600U);
    EXPECT_EQ(seen.size(), 1U);
    const itimerval periodic = {{10, 0}, {5, 0}};
    EXPECT_EQ(setitimer(ITIMER_REAL, &periodic, nullptr), 0);
    EXPECT_EQ(sleep(100), 95U);
    EXPECT_EQ(sleep(100), 90U);
    itimerval left{};
    EXPECT_EQ(getitimer(ITIMER_REAL, &left), 0);
    EXPECT_EQ(left.it_interval.tv_sec, 10);
    EXPECT_EQ(left.it_value.tv_sec, 10);
    EXPECT_EQ(alarm(0), 10U);
    EXPECT_EQ(sleep(100), 0U);
    EXPECT_EQ(seen.size(), 3U);
  });
}

TEST(Signals, TimersExpireInVirtualTime) {
  expect_right([] {
    const Handler handler(SIGUSR2);
    std::thread([] {
      sigevent event{};
      event.sigev_notify = SIGEV_THREAD_ID;
      event.sigev_signo = SIGUSR2;
      event._sigev_un._tid = gettid();
      timer_t timer{};
      ASSERT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
      const itimerspec periodic = {{100, 0}, {10, 0}};
      ASSERT_EQ(timer_settime(timer, 0, &periodic, nullptr), 0);
      EXPECT_EQ(sleep(1000), 990U);
      EXPECT_EQ(sleep(1000), 900U);
      itimerspec left{};
      EXPECT_EQ(timer_gettime(timer, &left), 0);
      EXPECT_EQ(left.it_value.tv_sec, 100);
      EXPECT_EQ(timer_delete(timer), 0);
      EXPECT_EQ(sleep(1000), 0U);
      ASSERT_EQ(seen.size(), 2U);
      EXPECT_EQ(seen[0].by, pthread_self());
    }).join();
  });
}

// One that Linux sends, as at the end of a child, in the middle of anything.
TEST(Signals, FromOutsideAreHandledAtASchedulingPoint) {
  expect_right([] {
    const Handler handler(SIGUSR1, SA_RESTART | static_cast<int>(SA_RESETHAND));
    run_beside([] {
      sigqueue_by_linux(getpid());
      EXPECT_EQ(seen.size(), 0U) << "this is no scheduling point";
      sched_yield();
    });
    sched_yield();
    EXPECT_EQ(seen.size(), 1U);
    struct sigaction now {};
    sigaction(SIGUSR1, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL) << "it is called once";
  });
}

TEST(Signals, OfAWriteToNobodyIsHandledInIt) {
  expect_right([] {
    const Handler handler(SIGPIPE);
    run_beside([] {
      int ends[2];
      ASSERT_EQ(pipe(ends), 0);
      close(ends[0]);
      EXPECT_EQ(write(ends[1], "x", 1), -1);
      EXPECT_EQ(errno, EPIPE);
      ASSERT_EQ(seen.size(), 1U);
      EXPECT_EQ(seen[0].by, pthread_self());
      close(ends[1]);
    });
  });
}

// Sends `signal` to this process, later, when all wait for the outside.
void send_from_child(int signal) {
  if (fork() != 0) return;
  const timespec pause = {0, 20'000'000};
  kernel::raw_syscall(SYS_nanosleep, kernel::syscall_arg(&pause), 0);
  kernel::raw_syscall(SYS_kill, getppid(), signal);
  _exit(0);
}

void read_nothing() {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), -1);
  EXPECT_EQ(errno, EINTR);
  close(ends[0]);
  close(ends[1]);
}

TEST(Signals, FromOutsideEndWaitsForTheOutside) {
  explore::RandomStrategy strategy(1);
  EXPECT_FALSE(explore::run_many(strategy, 3, [] {
                 const Handler handler(SIGUSR1);
                 send_from_child(SIGUSR1);
                 std::thread waiter([] {
                   const Blocked here(SIGUSR1);
                   EXPECT_GT(wait(nullptr), 0);
                 });
                 read_nothing();
                 waiter.join();
                 EXPECT_EQ(seen.size(), 1U);
                 return !testing::Test::HasFailure();
               }).failed());
}

TEST(SignalsDeathTest, FromOutsideEndsTheProgramWhileItWaits) {
  EXPECT_EXIT(expect_right([] {
                send_from_child(SIGTERM);
                read_nothing();
              }),
              testing::KilledBySignal(SIGTERM), "");
}

TEST(SignalsDeathTest, AbortCallsItsHandler) {
  EXPECT_EXIT(expect_right([] {
                const Handler handler(SIGABRT, 0, [](int, siginfo_t*, void*) { _exit(17); });
                std::thread([] { std::abort(); }).join();
              }),
              testing::ExitedWithCode(17), "");
}

TEST(Signals, HandlerIsTheProgramsToWhoAsks) {
  expect_right([] {
    const Handler handler(SIGUSR1, SA_RESTART);
    struct sigaction now {};
    EXPECT_EQ(sigaction(SIGUSR1, nullptr, &now), 0);
    EXPECT_EQ(now.sa_sigaction, note);
    const auto nothing = [](int) {};
    EXPECT_EQ(signal(SIGUSR2, nothing), SIG_DFL);
    EXPECT_EQ(signal(SIGUSR2, SIG_DFL), static_cast<sighandler_t>(nothing));
  });
}

TEST(Signals, HandlerEndsItsThread) {
  expect_right([] {
    const Handler handler(SIGUSR1, 0, [](int, siginfo_t*, void*) { pthread_exit(&seen); });
    pthread_t thread;
    const auto wait = [](void*) -> void* {
      for (;;) sleep(1000);
    };
    ASSERT_EQ(pthread_create(&thread, nullptr, wait, nullptr), 0);
    pthread_kill(thread, SIGUSR1);
    void* result = nullptr;
    EXPECT_EQ(pthread_join(thread, &result), 0);
    EXPECT_EQ(result, &seen);
  });
}

TEST(Signals, WithoutAHandlerIgnoredOnesEndNoWait) {
  expect_right([] {
    std::thread sleeper([] { EXPECT_EQ(sleep(10), 0U); });
    usleep(1000);
    EXPECT_EQ(pthread_kill(sleeper.native_handle(), SIGCHLD), 0);
    EXPECT_EQ(pthread_kill(sleeper.native_handle(), SIGURG), 0);
    sleeper.join();
  });
}

TEST(SignalsDeathTest, WithoutAHandlerOthersEndTheProgram) {
  EXPECT_EXIT(expect_right([] {
                std::thread sleeper([] { sleep(10); });
                pthread_kill(sleeper.native_handle(), SIGUSR1);
                sleeper.join();
              }),
              testing::KilledBySignal(SIGUSR1), "");
}

}  // namespace
}  // namespace ums::test
