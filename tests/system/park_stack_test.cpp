// SPDX-License-Identifier: Apache-2.0
//
// "park stack of at most 1 KiB": whatever its kernel thread has to do while a worker is captured,
// the lowest part of its park stack stays untouched.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/parallel/signals/parked_signals.h"
#include "sim_kernel/sched/task.h"
#include "support/emulator.h"
#include "support/signal_timer.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

constexpr std::size_t kUntouchedBytes = 128;
constexpr unsigned char kPaint = 0xa5;

class ParkStack : public DeviceTest {
 protected:
  // Paints the end of the park stack of `worker`, whose kernel thread sleeps.
  static unsigned char* paint(const Worker& worker) {
    wait_until_asleep(worker.tid());
    auto* const stack =
        static_cast<unsigned char*>(kernel::find_task(worker.tid())->machine.home.park_stack);
    std::memset(stack, kPaint, kUntouchedBytes);
    return stack;
  }

  static bool is_painted(const unsigned char* stack) {
    return std::all_of(stack, stack + kUntouchedBytes,
                       [](unsigned char byte) { return byte == kPaint; });
  }

  static int kept(const Worker& worker) {
    return kernel::pending_signal_count(*kernel::find_task(worker.tid()));
  }
};

TEST_F(ParkStack, OfReleaseBuildsIsSmall) {
#if defined(__OPTIMIZE__) && !UMS_SANITIZE_ADDRESS && !UMS_SANITIZE_THREAD
  EXPECT_LE(kernel::kParkStackBytes, 1024U);
#endif
}

// Every way in which a signal is kept, given back or passed on.
TEST_F(ParkStack, HasRoomForSignals) {
  const auto ignore = [](int) {};
  signal(SIGRTMIN, ignore);
  signal(SIGUSR1, ignore);
  become_scheduler(fd_, list_);
  std::atomic<bool> running{false};
  std::atomic<bool> stop{false};
  Worker worker(fd_, list_, [&] {
    running = true;
    wait_until([&] { return stop.load(); });
    EXPECT_EQ(yield(fd_), 0);
  });
  const unsigned char* const stack = paint(worker);

  EXPECT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
  EXPECT_EQ(pthread_sigqueue(worker.handle(), SIGRTMIN, sigval{}), 0);
  const SignalTimer own(SIGEV_THREAD_ID, worker.tid(), 1);
  wait_until([&] { return kept(worker) == 3; });
  const SignalTimer of_process(SIGEV_SIGNAL, 0, 1);

  Thread sender([&] {
    wait_until([&] { return running.load(); });
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
      EXPECT_EQ(pthread_sigqueue(worker.handle(), SIGRTMIN, sigval{}), 0);
      EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
    }
    const SignalTimer late(SIGEV_THREAD_ID, worker.tid(), 1);
    wait_until_asleep(worker.tid());
    stop = true;
  });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  sender.join();
  EXPECT_TRUE(is_painted(stack));
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  worker.join();
  signal(SIGRTMIN, SIG_DFL);
  signal(SIGUSR1, SIG_DFL);
}

class ParkStackOfTheOnlyTaker : public ParkStack {
 protected:
  // No thread but those that are parked wants the signals.
  void SetUp() override {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGRTMIN, SIGUSR1}) {
      ::signal(signal, [](int) {});
      sigaddset(&set, signal);
    }
    ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &set, &before_), 0);
    ParkStack::SetUp();
  }
  void TearDown() override {
    ParkStack::TearDown();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    for (const int signal : {SIGRTMIN, SIGUSR1}) ::signal(signal, SIG_DFL);
  }

 private:
  sigset_t before_{};
};

TEST_F(ParkStackOfTheOnlyTaker, HasRoomToGiveSignalsBack) {
  SKIP_UNDER_EMULATOR("a signal stays with the thread that the host gave it to");
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_);
  const unsigned char* const stack = paint(worker);

  const SignalTimer timer(SIGEV_SIGNAL, 0, 1);
  EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
  const std::uint64_t bits = 1UL << (SIGRTMIN - 1) | 1UL << (SIGUSR1 - 1);
  wait_until([&] { return (kernel::find_task(worker.tid())->machine.home.awaited & bits) == 0; });
  EXPECT_EQ(pthread_kill(worker.handle(), SIGUSR1), 0);
  wait_until([&] { return kept(worker) == 1; });
  wait_until_asleep(worker.tid());
  EXPECT_TRUE(is_painted(stack));
  run_workers(fd_, list_, 1);
}

}  // namespace
}  // namespace ums::test
