// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "Signals to a suspended worker": "[embedded] A signal to a suspended worker waits
// until it is executed; one to a running worker reaches it wherever it runs.", and the EINTR and
// SA_RESTART of DEQUEUE and DQEVENT. Faults and stops of the process are in faults_test.cpp.
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <vector>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/signals/parked_signals.h"
#include "sim_kernel/sync/rcu.h"
#include "support/signal_timer.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

// What the handlers saw; they are plain functions.
std::atomic<int> handled{0};
std::atomic<pthread_t> handled_by{};
std::array<std::atomic<int>, 1024> handled_values{};  // in the order of their arrival
std::atomic<int> handler_fd{-1};
std::atomic<int> handler_result{1};

// Waits until the kernel keeps as many signals for a suspended worker as it can tell apart.
void wait_until_kept(const Worker& worker, int signals) {
  wait_until(
      [&] { return kernel::pending_signal_count(*kernel::find_task(worker.tid())) >= signals; });
}

class Signals : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    handled = 0;
    handled_by = pthread_t{};
    handler_fd = fd_;
    handler_result = 1;
  }
  void TearDown() override {
    for (const int signal : {SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMIN + 1}) ::signal(signal, SIG_DFL);
    DeviceTest::TearDown();
  }

  static void handle(int signal, int flags, void (*handler)(int, siginfo_t*, void*)) {
    struct sigaction action {};
    action.sa_sigaction = handler;
    action.sa_flags = flags | SA_SIGINFO;
    ASSERT_EQ(sigaction(signal, &action, nullptr), 0);
  }

  // ThreadSanitizer runs handlers when it sees the thread next, and it does not see it asleep in
  // the kernel.
  static constexpr bool kHandlersRunAtOnce = !UMS_SANITIZE_THREAD;

  static void note(int, siginfo_t*, void*) {
    handled_by = pthread_self();
    ++handled;
  }
  static void note_value(int, siginfo_t* info, void*) {
    handled_values[static_cast<std::size_t>(handled)] = info->si_value.sival_int;
    ++handled;
  }

  // The call of `handler`, which notes its result and counts in `handled`, is refused where it
  // interrupts a scheduler's DEQUEUE. The DEQUEUE goes on waiting afterwards.
  void expect_ebusy_in_dequeue(void (*handler)(int, siginfo_t*, void*)) {
    if (!kHandlersRunAtOnce) GTEST_SKIP() << "handlers run late";
    handle(SIGUSR1, SA_RESTART, handler);
    Thread scheduler([&] {
      become_scheduler(fd_, list_);
      run_workers(fd_, list_, 1);
    });
    wait_until_blocked(scheduler.tid());
    ASSERT_EQ(pthread_kill(scheduler.handle(), SIGUSR1), 0);
    wait_until([] { return handled == 1; });
    EXPECT_EQ(handler_result, -EBUSY);
    Worker worker(fd_, list_);
    scheduler.join();
  }
};

// ---- to a suspended worker

TEST_F(Signals, ToASuspendedWorkerWaits) {
  handle(SIGUSR1, 0, note);
  become_scheduler(fd_, list_);
  int handled_in_body = -1;
  Worker worker(fd_, list_, [&] { handled_in_body = handled; });
  ASSERT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(worker.entered(), 1) << "ENTER is not interrupted";
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(worker.entered(), 0);
  worker.join();
  EXPECT_EQ(handled, 1);
  EXPECT_TRUE(pthread_equal(handled_by, worker.handle()));
}

TEST_F(Signals, ToAWorkerSuspendedInYieldWaits) {
  handle(SIGUSR1, 0, note);
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_, [&] {
    EXPECT_EQ(yield(fd_), 0) << "not EINTR";
    wait_until([] { return handled == 1; });
  });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(take_event_type(fd_), THREAD_YIELD);
  ASSERT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
  EXPECT_TRUE(task_is(worker.tid(), kernel::TaskState::kSuspended));
  run_workers(fd_, list_, 1);
}

// Values arrive, all of them, in the order in which they were sent. (ThreadSanitizer delivers
// signals late, and keeps one of each number only.)
TEST_F(Signals, QueuedValuesToASuspendedWorkerKeepTheirOrder) {
  constexpr int kValues = UMS_SANITIZE_THREAD ? 1 : 100;
  handle(SIGRTMIN, 0, note_value);
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_, [] { wait_until([] { return handled == kValues; }); });
  for (int i = 0; i < kValues; ++i) {
    ASSERT_EQ(pthread_sigqueue(worker.handle(), SIGRTMIN, sigval{.sival_int = i}), 0);
  }
  EXPECT_EQ(handled, 0);
  run_workers(fd_, list_, 1);
  worker.join();
  for (int i = 0; i < kValues; ++i) EXPECT_EQ(handled_values[static_cast<std::size_t>(i)], i);
}

// Real-time signals do not merge, with a value or without.
TEST_F(Signals, RealTimeSignalsToASuspendedWorkerAreCounted) {
  constexpr int kSignals = UMS_SANITIZE_THREAD ? 1 : 5;
  handle(SIGRTMIN, 0, note);
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_);
  for (int i = 0; i < kSignals; ++i) ASSERT_EQ(pthread_kill(worker.handle(), SIGRTMIN), 0);
  wait_until_kept(worker, kSignals);
  run_workers(fd_, list_, 1);
  worker.join();
  EXPECT_EQ(handled, kSignals);
}

// The others do: the first of them is kept, with its value.
TEST_F(Signals, OtherSignalsToASuspendedWorkerMerge) {
  handle(SIGUSR1, 0, note_value);
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_);
  ASSERT_EQ(pthread_sigqueue(worker.handle(), SIGUSR1, sigval{.sival_int = 7}), 0);
  wait_until_kept(worker, 1);
  ASSERT_EQ(pthread_sigqueue(worker.handle(), SIGUSR1, sigval{.sival_int = 8}), 0);
  ASSERT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
  handle(SIGUSR2, 0, [](int, siginfo_t*, void*) {});
  ASSERT_EQ(pthread_kill(worker.handle(), SIGUSR2), 0);
  wait_until_kept(worker, 2);  // Linux gives out the lowest number first: the others are there
  run_workers(fd_, list_, 1);
  worker.join();
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(handled_values[0], 7);
}

// More than the first page holds: still each with its value, in order.
TEST_F(Signals, ManyQueuedValues) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "keeps one of each number";
  constexpr int kSignals = 1000;
  handle(SIGRTMIN, 0, note_value);
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_);
  for (int i = 0; i < kSignals; ++i) {
    ASSERT_EQ(pthread_sigqueue(worker.handle(), SIGRTMIN, sigval{.sival_int = i + 1}), 0);
    if (i % 100 == 99) wait_until_kept(worker, i + 1);  // RLIMIT_SIGPENDING may be small
  }
  run_workers(fd_, list_, 1);
  worker.join();
  EXPECT_EQ(handled, kSignals);
  for (int i = 0; i < kSignals; ++i) {
    ASSERT_EQ(handled_values[static_cast<std::size_t>(i)], i + 1);
  }
}

// A timer that is aimed at the worker (SIGEV_THREAD_ID), with its value and its code.
TEST_F(Signals, TimerOfASuspendedWorker) {
  static std::atomic<int> code{0};
  handle(SIGRTMIN, 0, [](int, siginfo_t* info, void*) {
    code = info->si_code;
    handled_values[0] = info->si_value.sival_int;
    ++handled;
  });
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_);
  const SignalTimer timer(SIGEV_THREAD_ID, worker.tid(), 42);
  wait_until_kept(worker, 1);
  EXPECT_EQ(handled, 0);
  run_workers(fd_, list_, 1);
  worker.join();
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(code, SI_TIMER);
  EXPECT_EQ(handled_values[0], 42);
}

// LINUX: of a timer one signal waits at a time, a real-time one too, and counts the others.
TEST_F(Signals, TimerOfASuspendedWorkerIsKeptOnce) {
  static std::atomic<int> overruns{0};
  handle(SIGRTMIN, 0, [](int, siginfo_t* info, void*) {
    overruns = info->si_overrun;
    ++handled;
  });
  handle(SIGRTMIN + 1, 0, [](int, siginfo_t*, void*) {});
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_);
  const SignalTimer timer(SIGEV_THREAD_ID, worker.tid(), 1);
  wait_until_kept(worker, 1);
  timer.send_again();
  ASSERT_EQ(pthread_kill(worker.handle(), SIGRTMIN + 1), 0);  // taken after that of the timer
  wait_until_kept(worker, 2);
  EXPECT_EQ(kernel::pending_signal_count(*kernel::find_task(worker.tid())), 2);
  run_workers(fd_, list_, 1);
  worker.join();
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(overruns, 1);
}

// ---- to a running worker

TEST_F(Signals, ToARunningWorkerReachesItOnItsCarrier) {
  handle(SIGUSR1, 0, note);
  become_scheduler(fd_, list_);
  std::atomic<bool> running{false};
  Worker worker(fd_, list_, [&] {
    running = true;
    wait_until([] { return handled == 1; });
  });
  Thread sender([&] {
    wait_until([&] { return running.load(); });
    EXPECT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
  });
  run_workers(fd_, list_, 1);
  EXPECT_TRUE(pthread_equal(handled_by, worker.handle()));
}

TEST_F(Signals, QueuedValuesToARunningWorkerKeepTheirOrder) {
  constexpr int kValues = UMS_SANITIZE_THREAD ? 1 : 200;
  handle(SIGRTMIN, 0, note_value);
  become_scheduler(fd_, list_);
  std::atomic<bool> running{false};
  Worker worker(fd_, list_, [&] {
    running = true;
    wait_until([] { return handled == kValues; });
  });
  Thread sender([&] {
    wait_until([&] { return running.load(); });
    for (int i = 0; i < kValues; ++i) {
      EXPECT_EQ(pthread_sigqueue(worker.handle(), SIGRTMIN, sigval{.sival_int = i}), 0);
    }
  });
  run_workers(fd_, list_, 1);
  for (int i = 0; i < kValues; ++i) EXPECT_EQ(handled_values[static_cast<std::size_t>(i)], i);
}

// It ends a system call that the worker is blocked in.
TEST_F(Signals, InterruptsASystemCallOfTheWorker) {
  handle(SIGUSR1, 0, note);
  become_scheduler(fd_, list_);
  const pid_t carrier = thread_id();
  std::atomic<bool> about_to_block{false};
  Worker worker(fd_, list_, [&] {
    sem_t never;
    sem_init(&never, 0, 0);
    about_to_block = true;
    EXPECT_EQ(sem_wait(&never), -1);
    EXPECT_EQ(errno, EINTR);
    sem_destroy(&never);
  });
  Thread sender([&] {
    wait_until([&] { return about_to_block.load(); });
    wait_until_asleep(carrier);
    EXPECT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
  });
  run_workers(fd_, list_, 1);
  EXPECT_TRUE(pthread_equal(handled_by, worker.handle()));
}

// A signal to a scheduler in EXEC does not end the EXEC. Its kernel thread runs the worker, and so
// the handler.
TEST_F(Signals, ToASchedulerInExec) {
  handle(SIGUSR1, 0, note);
  std::atomic<bool> running{false};
  std::atomic<bool> go_on{false};
  std::atomic<bool> returned{false};
  Worker worker(fd_, list_, [&] {
    running = true;
    wait_until([] { return handled == 1; });
    wait_until([&] { return go_on.load(); });
  });
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    EXPECT_EQ(dequeue(fd_, list_), worker.tid());
    EXPECT_EQ(execute(fd_, worker.tid()), 0);
    returned = true;
  });
  wait_until([&] { return running.load(); });
  ASSERT_EQ(pthread_kill(scheduler.handle(), SIGUSR1), 0);
  wait_until([] { return handled == 1; });
  EXPECT_TRUE(task_is(scheduler.tid(), kernel::TaskState::kExecuting));
  EXPECT_FALSE(returned);
  go_on = true;
}

// To a worker that is itself in EXEC, above a worker of its own: when it runs again.
TEST_F(Signals, ToAWorkerInExecWaits) {
  handle(SIGUSR1, 0, note);
  become_scheduler(fd_, list_);
  const int inner = create_list(fd_);
  Worker outer(fd_, list_, [&] {
    become_scheduler(fd_, inner);
    Worker nested(fd_, inner, [&] {
      EXPECT_EQ(pthread_kill(outer.handle(), SIGUSR1), 0);
      EXPECT_EQ(handled, 0);
    });
    ASSERT_EQ(dequeue(fd_, inner), nested.tid());
    EXPECT_EQ(execute(fd_, nested.tid()), 0);
    wait_until([] { return handled == 1; });
  });
  run_workers(fd_, list_, 1);
  EXPECT_TRUE(pthread_equal(handled_by, outer.handle()));
}

// ---- handlers that make calls

// "A signal handler that interrupts the kernel and makes a UMS call [...]: a nested entry is
// refused (EBUSY, reported)."
TEST_F(Signals, HandlerThatInterruptedTheKernelGetsEbusy) {
  expect_ebusy_in_dequeue([](int, siginfo_t*, void*) {
    handler_result = create_list(handler_fd);
    ++handled;
  });
}

TEST_F(Signals, HandlerThatInterruptedTheKernelCannotOpen) {
  expect_ebusy_in_dequeue([](int, siginfo_t*, void*) {
    handler_result = dev_open();
    ++handled;
  });
}

TEST_F(Signals, HandlerThatInterruptedTheKernelCannotDupOrClose) {
  expect_ebusy_in_dequeue([](int, siginfo_t*, void*) {
    handler_result = dev_dup(handler_fd) == -EBUSY ? dev_close(handler_fd) : 1;
    ++handled;
  });
}

// Work for others that a call does on its way out takes locks, which a suspended worker would keep.
TEST_F(Signals, HandlerThatInterruptedTheWayOutGetsEbusy) {
  if (!kHandlersRunAtOnce) GTEST_SKIP() << "handlers run late";
  handle(SIGUSR1, SA_NODEFER, [](int, siginfo_t*, void*) {
    handler_result = yield(handler_fd);
    ++handled;
  });
  become_scheduler(fd_, list_);
  static kernel::RcuHead head;
  Worker worker(fd_, list_, [&] {
    kernel::call_rcu(&head, [](kernel::RcuHead*) {
      const long carrier = kernel::raw_syscall(SYS_gettid);
      kernel::raw_syscall(SYS_tgkill, getpid(), carrier, SIGUSR1);
    });
    kernel::current_task()->exit_work.fetch_or(kernel::kExitRcu);
    EXPECT_EQ(delete_list(fd_, 0), -EINVAL);
  });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(handler_result, -EBUSY);
}

// "A handler that interrupts user code may yield: that is how a program preempts its workers."
TEST_F(Signals, HandlerMayYield) {
  handle(SIGUSR1, SA_NODEFER, [](int, siginfo_t*, void*) {
    ++handled;
    handler_result = yield(handler_fd);
  });
  become_scheduler(fd_, list_);
  std::atomic<bool> running{false};
  std::atomic<bool> stop{false};
  const pid_t scheduler = thread_id();
  Worker worker(fd_, list_, [&] {
    running = true;
    wait_until([&] { return stop.load(); });
  });
  for (int round = 1; round <= 5; ++round) {
    ASSERT_EQ(dequeue(fd_, list_), worker.tid());
    running = round > 1;
    Thread sender([&] {
      wait_until([&] { return running.load(); });
      wait_until_executing(scheduler);
      EXPECT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
    });
    EXPECT_EQ(execute(fd_, worker.tid()), 0);
    EXPECT_EQ(take_event_type(fd_), THREAD_YIELD) << "preempted";
    EXPECT_EQ(handled, round);
  }
  stop = true;
  run_workers(fd_, list_, 1);
  EXPECT_EQ(handler_result, 0);
}

// ---- DEQUEUE and DQEVENT

// "EINTR on a signal without SA_RESTART"
TEST_F(Signals, DequeueIsInterrupted) {
  handle(SIGUSR1, 0, note);
  int result = 0;
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    result = dequeue(fd_, list_);
    run_workers(fd_, list_, 1);
  });
  wait_until_blocked(scheduler.tid());
  ASSERT_EQ(pthread_kill(scheduler.handle(), SIGUSR1), 0);
  wait_until([] { return handled == 1; });
  Worker worker(fd_, list_);
  scheduler.join();
  EXPECT_EQ(result, -EINTR);
}

// "with it, goes on waiting"
TEST_F(Signals, DequeueGoesOnWaiting) {
  if (!kHandlersRunAtOnce) GTEST_SKIP() << "handlers run late";
  handle(SIGUSR1, SA_RESTART, note);
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    run_workers(fd_, list_, 1);
  });
  wait_until_blocked(scheduler.tid());
  for (int i = 1; i <= 3; ++i) {
    ASSERT_EQ(pthread_kill(scheduler.handle(), SIGUSR1), 0);
    wait_until([i] { return handled == i; });
    EXPECT_TRUE(task_is(scheduler.tid(), kernel::TaskState::kInterruptible));
  }
  Worker worker(fd_, list_);
  scheduler.join();
}

TEST_F(Signals, EventWaitGoesOnAndIsInterrupted) {
  if (!kHandlersRunAtOnce) GTEST_SKIP() << "handlers run late";
  handle(SIGUSR1, SA_RESTART, note);
  handle(SIGUSR2, 0, note);
  int result = 0;
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    result = take_event_type(fd_);
  });
  wait_until_blocked(scheduler.tid());
  ASSERT_EQ(pthread_kill(scheduler.handle(), SIGUSR1), 0);
  wait_until([] { return handled == 1; });
  EXPECT_TRUE(task_is(scheduler.tid(), kernel::TaskState::kInterruptible));
  ASSERT_EQ(pthread_kill(scheduler.handle(), SIGUSR2), 0);
  scheduler.join();
  EXPECT_EQ(result, -EINTR);
}

}  // namespace
}  // namespace ums::test
