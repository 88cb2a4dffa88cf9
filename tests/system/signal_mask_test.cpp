// SPDX-License-Identifier: Apache-2.0
//
// architecture.md, hazards: "A cancelled worker unwinds out of the handler and never restores the
// mask: the carrier restores its own when a worker ends." (That the mask is the carrier's while the
// worker runs there: known_differences_test.cpp.)
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "sim_kernel/base/raw_syscall.h"
#include "support/emulator.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

using kernel::raw_syscall;
using kernel::syscall_arg;

// The mask of the kernel thread that this runs on, as Linux has it.
std::uint64_t linux_mask() {
  std::uint64_t mask = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, 0, syscall_arg(&mask), 8);
  return mask;
}

bool blocked(int signal) { return (linux_mask() >> (signal - 1) & 1) != 0; }

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

void change(int how, std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  EXPECT_EQ(pthread_sigmask(how, &set, nullptr), 0);
}

// Sends `signal` to the kernel thread that this runs on: its handler runs before this returns.
void interrupt_myself(int signal) {
  raw_syscall(SYS_tgkill, getpid(), raw_syscall(SYS_gettid), signal);
}
// The same, where the handler leaves: the compiler must not know that this call throws nothing.
void (*volatile interrupt_for_good)(int) = interrupt_myself;

int handler_left = 0;  // its address is the result of a thread that ended in a handler

class SignalMask : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    become_scheduler(fd_, list_);
    own_ = linux_mask();
  }
  void TearDown() override {
    for (const int signal : {SIGUSR1, SIGUSR2}) ::signal(signal, SIG_DFL);
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, syscall_arg(&own_), 0, 8);
    DeviceTest::TearDown();
  }

  static void handle(int signal, void (*handler)(int), std::initializer_list<int> mask = {}) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_mask = set_of(mask);
    ASSERT_EQ(sigaction(signal, &action, nullptr), 0);
  }

  // A worker that blocks SIGHUP where it runs, and ends.
  void run_worker_that_blocks() {
    Worker worker(fd_, list_, [] { change(SIG_BLOCK, {SIGHUP}); });
    run_workers(fd_, list_, 1);
  }

  // The body of a worker that blocks SIGHUP where it runs, and leaves it so in its YIELD.
  void block_and_yield() const {
    change(SIG_BLOCK, {SIGHUP});
    EXPECT_EQ(yield(fd_), 0);
  }
  void run_until_yield(const Worker& worker) const {
    ASSERT_EQ(dequeue(fd_, list_), worker.tid());
    EXPECT_EQ(execute(fd_, worker.tid()), 0);
    EXPECT_EQ(take_event_type(fd_), THREAD_YIELD);
  }

  std::uint64_t own_ = 0;  // of the test's thread, which is a scheduler
};

// ---- how a worker leaves another mask

TEST_F(SignalMask, WorkerEndsInAHandler) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "ThreadSanitizer cannot be left anywhere";
  handle(SIGUSR1, [](int) { pthread_exit(nullptr); }, {SIGUSR2});
  Worker worker(Worker::NoExit{}, fd_, list_, [] {
    about_to_be_cancelled();
    interrupt_for_good(SIGUSR1);
    ADD_FAILURE() << "not ended";
  });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(linux_mask(), own_);
}

TEST_F(SignalMask, WorkerJumpsOutOfAHandler) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "ThreadSanitizer cannot be left anywhere";
  static sigjmp_buf back;
  handle(SIGUSR1, [](int) { siglongjmp(back, 1); }, {SIGUSR2});
  Worker worker(fd_, list_, [] {
    about_to_be_cancelled();
    if (sigsetjmp(back, 0) == 0) interrupt_for_good(SIGUSR1);
    EXPECT_TRUE(blocked(SIGUSR2));
  });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(linux_mask(), own_);
}

TEST_F(SignalMask, WorkerChangesIt) {
  run_worker_that_blocks();
  EXPECT_EQ(linux_mask(), own_);
}

// A YIELD pays for nothing.
TEST_F(SignalMask, ChangeOfAWorkerThatYieldsStaysUntilOneEnds) {
  SKIP_IN_SERVER("a worker's mask is its own");
  Worker changer(fd_, list_, [this] { block_and_yield(); });
  run_until_yield(changer);
  EXPECT_TRUE(blocked(SIGHUP));
  run_workers(fd_, list_, 1);
  EXPECT_EQ(linux_mask(), own_);
}

// A signal that the worker left pending reaches the scheduler's thread, outside of the kernel.
TEST_F(SignalMask, SignalThatWaitedIsHandledByTheScheduler) {
  SKIP_IN_SERVER("a worker's mask is its own");
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "handlers run late";
  static std::atomic<int> handler_fd;
  static std::atomic<int> result;
  static std::atomic<pthread_t> handled_by;
  handler_fd = fd_;
  handle(SIGUSR1, [](int) {
    handled_by = pthread_self();
    result = create_list(handler_fd);
  });
  Worker worker(fd_, list_, [] {
    change(SIG_BLOCK, {SIGUSR1});
    interrupt_myself(SIGUSR1);
  });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_TRUE(pthread_equal(handled_by, pthread_self()));
  EXPECT_EQ(result, 2) << "served";
}

TEST_F(SignalMask, HandlerOfASignalThatWaitedMayEndTheScheduler) {
  SKIP_IN_SERVER("a worker's mask is its own");
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "ThreadSanitizer cannot be left anywhere";
  handle(SIGUSR1, [](int) { pthread_exit(&handler_left); });
  Worker worker(fd_, list_, [] {
    change(SIG_BLOCK, {SIGUSR1});
    interrupt_myself(SIGUSR1);
  });
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    ASSERT_EQ(dequeue(fd_, list_), worker.tid());
    about_to_be_cancelled();
    execute(fd_, worker.tid());
    ADD_FAILURE() << "not ended";
  });
  EXPECT_EQ(scheduler.join(), &handler_left);
}

// ---- whose mask it is

TEST_F(SignalMask, NestedSchedulerHasThatOfItsCarrier) {
  SKIP_IN_SERVER("a worker's mask is its own");
  const int inner = create_list(fd_);
  Worker both(fd_, list_, [&] {
    become_scheduler(fd_, inner);
    change(SIG_BLOCK, {SIGUSR1});
    Worker nested(fd_, inner, [] { change(SIG_BLOCK, {SIGHUP}); });
    run_workers(fd_, inner, 1);
    EXPECT_EQ(linux_mask(), own_);
    change(SIG_BLOCK, {SIGUSR2});
  });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(linux_mask(), own_);
}

// A thread that became a scheduler on its carrier executes workers at home later.
TEST_F(SignalMask, WorkerThatBecameASchedulerHasItsOwnAtHome) {
  const int inner = create_list(fd_);
  Thread both([&] {
    change(SIG_BLOCK, {SIGUSR1});
    const std::uint64_t at_home = linux_mask();
    EXPECT_EQ(enter_worker(fd_, list_), 0);
    become_scheduler(fd_, inner);
    EXPECT_EQ(exit_worker(fd_), 0);
    EXPECT_EQ(linux_mask(), at_home);
    Worker nested(fd_, inner, [] { change(SIG_BLOCK, {SIGHUP}); });
    run_workers(fd_, inner, 1);
    EXPECT_EQ(linux_mask(), at_home);
  });
  run_workers(fd_, list_, 1);
}

// A worker of two files leaves the first while it runs under the second one's scheduler: the
// first one's comes out of its idle loop.
TEST_F(SignalMask, WorkerThatEndsElsewhere) {
  const int second = dev_open_elsewhere();
  const int second_list = create_list(second);
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    change(SIG_BLOCK, {SIGHUP});
    EXPECT_EQ(enter_worker(second, second_list), 0);
    change(SIG_BLOCK, {SIGUSR1});
    EXPECT_EQ(exit_worker(fd_), 0);
    EXPECT_EQ(exit_worker(second), 0);
  });
  Thread second_scheduler([&] {
    become_scheduler(second, second_list);
    const std::uint64_t own = linux_mask();
    run_workers(second, second_list, 1);
    EXPECT_EQ(linux_mask(), own);
  });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(linux_mask(), own_);
  second_scheduler.join();
  EXPECT_EQ(dev_close(second), 0);
}

// ---- what the scheduler itself changes

TEST_F(SignalMask, SchedulersOwnChangesStay) {
  change(SIG_BLOCK, {SIGUSR1, SIGUSR2});
  const sigset_t one = set_of({SIGUSR2});
  EXPECT_EQ(sigprocmask(SIG_UNBLOCK, &one, nullptr), 0);
  run_worker_that_blocks();
  EXPECT_TRUE(blocked(SIGUSR1));
  EXPECT_FALSE(blocked(SIGUSR2));
  EXPECT_FALSE(blocked(SIGHUP));
  change(SIG_SETMASK, {SIGUSR2});
  run_worker_that_blocks();
  EXPECT_EQ(linux_mask(), 1UL << (SIGUSR2 - 1));
}

// It saves and restores its mask while a worker's change is still there.
TEST_F(SignalMask, SchedulersOwnChangesAreNotTheWorkers) {
  SKIP_IN_SERVER("a worker's mask is its own");
  Worker changer(fd_, list_, [this] { block_and_yield(); });
  run_until_yield(changer);
  sigset_t saved;
  const sigset_t one = set_of({SIGUSR1});
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, &one, &saved), 0);
  EXPECT_EQ(pthread_sigmask(SIG_SETMASK, &saved, nullptr), 0);
  EXPECT_TRUE(blocked(SIGHUP));
  run_workers(fd_, list_, 1);
  EXPECT_EQ(linux_mask(), own_);
}

// A handler that interrupts the scheduler works in a section of its own without signals. What it
// restores is a mask with its signal in it, which Linux takes away when the handler returns.
TEST_F(SignalMask, HandlerOfTheSchedulerRestoresWhatItFound) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "handlers run late";
  handle(SIGUSR1,
         [](int) {
           sigset_t all;
           sigset_t saved;
           sigfillset(&all);
           pthread_sigmask(SIG_BLOCK, &all, &saved);
           pthread_sigmask(SIG_SETMASK, &saved, nullptr);
         },
         {SIGUSR2});
  interrupt_myself(SIGUSR1);
  EXPECT_EQ(linux_mask(), own_);
  run_worker_that_blocks();
  EXPECT_EQ(linux_mask(), own_);
}

// The child of a worker is a plain thread, with the mask that the carrier had.
TEST_F(SignalMask, ChildOfAWorkerLearnsItsOwn) {
  if (UMS_SANITIZE_THREAD || emulated()) GTEST_SKIP() << "cannot create threads in such a child";
  int status = -1;
  Worker worker(fd_, list_, [&] {
    change(SIG_BLOCK, {SIGUSR1});
    const std::uint64_t at_fork = linux_mask();
    const pid_t child = fork();
    if (child == 0) {
      forget_thread_id();
      fd_ = dev_open();
      list_ = create_list(fd_);
      become_scheduler(fd_, list_);
      run_worker_that_blocks();
      _exit(linux_mask() == at_fork && !HasFailure() ? 0 : 1);
    }
    EXPECT_EQ(waitpid(child, &status, 0), child);
  });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(linux_mask(), own_);
}

// Returns the child, which has ended. A function of its own: vfork leaves it twice.
[[gnu::noinline]] pid_t vfork_and_block(const sigset_t& set) {
  const pid_t child = vfork();
  if (child == 0) _exit(pthread_sigmask(SIG_BLOCK, &set, nullptr));
  return child;
}

// The child of a vfork has the scheduler's memory, and a mask of its own.
TEST_F(SignalMask, ChildOfAVforkChangesItsOwn) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "ThreadSanitizer makes it a fork";
  const sigset_t one = set_of({SIGUSR1});
  const pid_t child = vfork_and_block(one);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  run_worker_that_blocks();
  EXPECT_EQ(linux_mask(), own_);
}

// ---- pthread_sigmask and sigprocmask of a scheduler are the C library's still

TEST_F(SignalMask, FunctionsGiveWhatTheCLibraryGives) {
  constexpr int kHow = 4711;
  const sigset_t set = set_of({SIGUSR1});
  sigset_t old;
  EXPECT_EQ(pthread_sigmask(kHow, &set, &old), EINVAL);
  errno = 0;
  EXPECT_EQ(sigprocmask(kHow, &set, &old), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(linux_mask(), own_);
  EXPECT_EQ(pthread_sigmask(kHow, nullptr, &old), 0);
  EXPECT_EQ(sigismember(&old, SIGUSR1), 0);
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, &set, &old), 0);
  EXPECT_EQ(sigismember(&old, SIGUSR1), 0);
  EXPECT_EQ(sigprocmask(SIG_UNBLOCK, &set, &old), 0);
  EXPECT_EQ(sigismember(&old, SIGUSR1), 1);
  EXPECT_EQ(linux_mask(), own_);
  EXPECT_EQ(sigprocmask(kHow, &set, nullptr), -1);
  run_worker_that_blocks();
  EXPECT_EQ(linux_mask(), own_);
}

// Nobody may block the signals of the C library itself, nor SIGKILL and SIGSTOP.
TEST_F(SignalMask, WhatCannotBeBlockedIsNot) {
  std::uint64_t all = ~0UL;
  sigset_t set;
  std::memcpy(&set, &all, sizeof all);
  EXPECT_EQ(pthread_sigmask(SIG_SETMASK, &set, nullptr), 0);
  const std::uint64_t most = linux_mask();
  EXPECT_FALSE(blocked(32));
  run_worker_that_blocks();
  EXPECT_EQ(linux_mask(), most);
}

// The handler of a signal that was waiting runs inside the call, and may leave it.
TEST_F(SignalMask, HandlerMayLeaveTheCallThatUnblocks) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "ThreadSanitizer cannot be left anywhere";
  using Function = int (*)(int, const sigset_t*, sigset_t*);
  for (const Function function : {Function{pthread_sigmask}, Function{sigprocmask}}) {
    handle(SIGUSR1, [](int) { pthread_exit(&handler_left); });
    Thread scheduler([&] {
      become_scheduler(fd_, create_list(fd_));
      change(SIG_BLOCK, {SIGUSR1});
      interrupt_myself(SIGUSR1);
      const sigset_t one = set_of({SIGUSR1});
      const volatile Function unblock = function;
      about_to_be_cancelled();
      unblock(SIG_UNBLOCK, &one, nullptr);
      ADD_FAILURE() << "not ended";
    });
    EXPECT_EQ(scheduler.join(), &handler_left);
  }
}

}  // namespace
}  // namespace ums::test
