// SPDX-License-Identifier: Apache-2.0
//
// Signals to the process, while the kernel threads of suspended workers wait for signals too: they
// reach the program's own threads, as if those workers blocked them.
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>

#include "sim_kernel/parallel/signals/parked_signals.h"
#include "sim_kernel/sched/task.h"
#include "support/emulator.h"
#include "support/signal_timer.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

// The signals are blocked in every thread of the program, and taken by one of them in sigwaitinfo.
class ProcessSignals : public DeviceTest {
 protected:
  void SetUp() override {
    sigemptyset(&set_);
    sigaddset(&set_, SIGRTMIN);
    sigaddset(&set_, SIGUSR1);
    for (const int signal : {SIGRTMIN, SIGUSR1}) ::signal(signal, [](int) {});
    ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &set_, &old_), 0);
    DeviceTest::SetUp();
    become_scheduler(fd_, list_);
    for (auto& worker : workers_) worker = std::make_unique<Worker>(fd_, list_);
  }
  void TearDown() override {
    run_workers(fd_, list_, static_cast<int>(workers_.size()));
    for (auto& worker : workers_) worker.reset();
    DeviceTest::TearDown();
    pthread_sigmask(SIG_SETMASK, &old_, nullptr);  // what a worker was sent arrives now
    for (const int signal : {SIGRTMIN, SIGUSR1}) ::signal(signal, SIG_DFL);
  }

  // Waits until no kernel thread that is parked awaits the signal `number`, or all do.
  void wait_until_awaited(int number, bool awaited) {
    const std::uint64_t bit = 1UL << (number - 1);
    wait_until([&] {
      return std::all_of(workers_.begin(), workers_.end(), [&](const auto& worker) {
        return ((kernel::find_task(worker->tid())->machine.home.awaited & bit) != 0) == awaited;
      });
    });
  }

  // Takes the signal `number`, once each kernel thread that is parked has had it and given it back.
  siginfo_t take(int number) {
    wait_until_awaited(number, false);
    siginfo_t info;
    int signal = 0;
    do {
      signal = sigwaitinfo(&set_, &info);
    } while (signal < 0 && errno == EINTR);
    EXPECT_EQ(signal, number);
    return info;
  }

  static constexpr int kRounds = 20;

  const Worker& first_worker() const { return *workers_[0]; }
  int kept() const {
    return kernel::pending_signal_count(*kernel::find_task(first_worker().tid()));
  }

 private:
  sigset_t set_{};
  sigset_t old_{};
  std::array<std::unique_ptr<Worker>, 4> workers_;
};

TEST_F(ProcessSignals, Kill) {
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_EQ(kill(getpid(), SIGUSR1), 0);
    EXPECT_EQ(take(SIGUSR1).si_code, SI_USER);
  }
}

TEST_F(ProcessSignals, Sigqueue) {
  SKIP_UNDER_EMULATOR("it copies only the fields of a signal that it knows");
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_EQ(sigqueue(getpid(), SIGRTMIN, sigval{.sival_int = i}), 0);
    const siginfo_t info = take(SIGRTMIN);
    EXPECT_EQ(info.si_code, SI_QUEUE);
    EXPECT_EQ(info.si_value.sival_int, i);
  }
}

TEST_F(ProcessSignals, Timer) {
  for (int i = 0; i < kRounds; ++i) {
    const SignalTimer timer(SIGEV_SIGNAL, 0, i);
    const siginfo_t info = take(SIGRTMIN);
    EXPECT_EQ(info.si_code, SI_TIMER);
    EXPECT_EQ(info.si_value.sival_int, i);
  }
}

// One that names a worker is not held up by one of the same number for the process.
TEST_F(ProcessSignals, DoesNotHoldUpThatOfAWorker) {
  ASSERT_EQ(kill(getpid(), SIGUSR1), 0);
  wait_until_awaited(SIGUSR1, false);
  ASSERT_EQ(pthread_kill(first_worker().handle(), SIGUSR1), 0);
  wait_until([this] { return kept() == 1; });
  EXPECT_EQ(take(SIGUSR1).si_code, SI_USER) << "still there";
}

TEST_F(ProcessSignals, ThatIsGoneIsAwaitedAgain) {
  ASSERT_EQ(kill(getpid(), SIGUSR1), 0);
  take(SIGUSR1);
  wait_until_awaited(SIGUSR1, true);
}

// With no descriptor free Linux cannot be asked whom a timer names. (Nor can the sanitizer of C++
// objects do its work, so there are none meanwhile.)
TEST_F(ProcessSignals, TimerOfAWorkerWaitsForADescriptor) {
  const pid_t worker = first_worker().tid();
  const std::atomic<std::uint64_t>& awaited = kernel::find_task(worker)->machine.home.awaited;
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const SignalTimer timer(SIGEV_THREAD_ID, worker, 1);
  wait_until([&] { return (awaited & (1UL << (SIGRTMIN - 1))) == 0; });
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  wait_until([this] { return kept() == 1; });
}

}  // namespace
}  // namespace ums::test
