// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "Known differences, by machine": each row of the table, as it is in [embedded].
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <functional>
#include <string>

#include "sim_kernel/base/raw_syscall.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

class KnownDifferences : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    become_scheduler(fd_, list_);
  }

  const bool embedded_ = kernel_is_embedded();

  // Runs `body` as a worker on the test's own thread.
  void as_worker(std::function<void()> body) {
    Worker worker(fd_, list_, std::move(body));
    run_workers(fd_, list_, 1);
  }
};

// "gettid(), syscall(SYS_gettid) in a worker | its own through the libc calls (the libraries answer
// them); the carrier's by a bare instruction"
TEST_F(KnownDifferences, Gettid) {
  const pid_t carrier = thread_id();
  as_worker([&] {
    const pid_t own = thread_id();
    EXPECT_NE(own, carrier);
    EXPECT_EQ(gettid(), own);
    EXPECT_EQ(syscall(SYS_gettid), own);
    EXPECT_EQ(kernel::raw_syscall(SYS_gettid), embedded_ ? carrier : own);
    EXPECT_EQ(yield(fd_), 0);
    EXPECT_EQ(gettid(), own);
  });
  EXPECT_EQ(gettid(), carrier);
}

// Every other system call is passed on by syscall().
TEST_F(KnownDifferences, OtherSystemCallsArePassedOn) {
  EXPECT_EQ(syscall(SYS_getpid), getpid());
  errno = 0;
  EXPECT_EQ(syscall(SYS_close, -1), -1);
  EXPECT_EQ(errno, EBADF);
}

// ---- "signal mask, alternative stack, affinity, name, CPU-time clock, rseq | the carrier's while
// it runs there" (rseq: hazards_test.cpp)

bool blocked(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

void block(int how, int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(how, &set, nullptr);
}

TEST_F(KnownDifferences, SignalMask) {
  Thread worker([&] {
    block(SIG_BLOCK, SIGUSR2);  // at home
    EXPECT_EQ(enter_worker(fd_, list_), 0);
    EXPECT_EQ(blocked(SIGUSR1), embedded_) << "the carrier's";
    EXPECT_EQ(blocked(SIGUSR2), !embedded_) << "its own stayed at home";
    block(SIG_BLOCK, SIGHUP);
    EXPECT_EQ(exit_worker(fd_), 0);
    EXPECT_FALSE(blocked(SIGUSR1));
    EXPECT_TRUE(blocked(SIGUSR2));
    EXPECT_EQ(blocked(SIGHUP), !embedded_) << "it was the carrier's";
  });
  block(SIG_BLOCK, SIGUSR1);
  run_workers(fd_, list_, 1);
  EXPECT_FALSE(blocked(SIGHUP)) << "a worker has ended: the carrier's mask is its own again";
  EXPECT_TRUE(blocked(SIGUSR1));
  block(SIG_UNBLOCK, SIGUSR1);
}

TEST_F(KnownDifferences, AlternativeStack) {
  static char memory[65536];
  const stack_t mine{memory, 0, sizeof memory};
  const stack_t none{nullptr, SS_DISABLE, 0};
  stack_t before;
  ASSERT_EQ(sigaltstack(&mine, &before), 0);
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    stack_t seen;
    EXPECT_EQ(sigaltstack(nullptr, &seen), 0);
    EXPECT_EQ(seen.ss_sp == memory, embedded_);
    EXPECT_EQ(exit_worker(fd_), 0);
    EXPECT_EQ(sigaltstack(nullptr, &seen), 0);
    EXPECT_NE(seen.ss_sp, memory);
  });
  run_workers(fd_, list_, 1);
  worker.join();
  ASSERT_EQ(sigaltstack(before.ss_sp == nullptr ? &none : &before, nullptr), 0);
}

TEST_F(KnownDifferences, Affinity) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  if (CPU_COUNT(&before) < 2) GTEST_SKIP() << "needs two processors";
  Worker worker(fd_, list_, [&] {
    cpu_set_t seen;
    EXPECT_EQ(sched_getaffinity(0, sizeof seen, &seen), 0);
    EXPECT_EQ(CPU_COUNT(&seen) == 1, embedded_) << "the carrier's";
  });
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  run_workers(fd_, list_, 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST_F(KnownDifferences, Name) {
  char before[16];
  ASSERT_EQ(prctl(PR_GET_NAME, before), 0);
  Worker worker(fd_, list_, [this] {
    char seen[16];
    EXPECT_EQ(prctl(PR_GET_NAME, seen), 0);
    EXPECT_EQ(std::string(seen) == "the carrier", embedded_);
  });
  ASSERT_EQ(prctl(PR_SET_NAME, "the carrier"), 0);
  run_workers(fd_, list_, 1);
  ASSERT_EQ(prctl(PR_SET_NAME, before), 0);
}

TEST_F(KnownDifferences, CpuTimeClock) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1'000'000'000L + time.tv_nsec;
  };
  const long before = now();
  long inside = 0;
  as_worker([&] { inside = now(); });
  EXPECT_EQ(inside > before, embedded_) << "one clock, that of the carrier";
  EXPECT_GT(now(), before);
}

// "priority-inheriting and robust mutexes | initialising one reports and fails with ENOTSUP, rather
// than abort inside glibc"
TEST_F(KnownDifferences, PriorityInheritingAndRobustMutexes) {
  pthread_mutexattr_t attributes;
  pthread_mutex_t mutex;
  pthread_mutexattr_init(&attributes);
  EXPECT_EQ(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT), 0);
  const int refusal = embedded_ ? ENOTSUP : 0;
  EXPECT_EQ(pthread_mutex_init(&mutex, &attributes), refusal);
  EXPECT_EQ(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_NONE), 0);
  EXPECT_EQ(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST), 0);
  EXPECT_EQ(pthread_mutex_init(&mutex, &attributes), refusal);
  expect_misuse(embedded_ ? 2 : 0);
  EXPECT_EQ(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_STALLED), 0);
  EXPECT_EQ(pthread_mutex_init(&mutex, &attributes), 0);
  pthread_mutex_destroy(&mutex);
  pthread_mutexattr_destroy(&attributes);
}

// "setuid and family while workers are captured | refused or answered, never a hang"
TEST_F(KnownDifferences, SetuidIsRefusedWhileWorkersAreCaptured) {
  SKIP_IN_SERVER("nobody is captured, and setuid is Linux's");
  Worker worker(fd_, list_, [] { EXPECT_EQ(setgid(getgid()), -1); });
  errno = 0;
  EXPECT_EQ(setuid(getuid()), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(setresgid(getgid(), getgid(), getgid()), -1);
  run_workers(fd_, list_, 1);
  expect_misuse(3);
  worker.join();
  EXPECT_EQ(setuid(getuid()), 0) << "nobody is captured";
}

// The C library signals all threads, those in the device too.
TEST_F(KnownDifferences, SetuidWorksUnderAKernelProcess) {
  if (embedded_) GTEST_SKIP() << "threads are captured";
  Worker worker(fd_, list_, [] { EXPECT_EQ(setgid(getgid()), 0); });
  EXPECT_EQ(setuid(getuid()), 0);
  EXPECT_EQ(setresgid(getgid(), getgid(), getgid()), 0);
  run_workers(fd_, list_, 1);
}

// "a blocking call in a worker | blocks the carrier"
TEST_F(KnownDifferences, BlockingCallBlocksTheCarrier) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::atomic<bool> about_to_block{false};
  Worker reader(fd_, list_, [&] {
    char byte = 0;
    about_to_block = true;
    EXPECT_EQ(read(ends[0], &byte, 1), 1);
  });
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    run_workers(fd_, list_, 1);
  });
  wait_until([&] { return about_to_block.load(); });
  wait_until_asleep(scheduler.tid());
  EXPECT_TRUE(task_is(scheduler.tid(), kernel::TaskState::kExecuting));
  EXPECT_EQ(write(ends[1], "x", 1), 1);
  scheduler.join();
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace ums::test
