// SPDX-License-Identifier: Apache-2.0
//
// Signals to workers that are in the kernel most of the time. Those that yield: each handler must
// run in the worker that its signal names, though that worker has hardly ever the carrier to itself
// for as long as a signal takes. Those that dup and close: none may wait for another call.
#include <pthread.h>

#include <array>
#include <atomic>
#include <csignal>
#include <memory>

#include "support/system_test.h"

namespace ums::test {
namespace {

constexpr int kWorkers = 8;
// ThreadSanitizer keeps one signal of a number for a thread.
constexpr int kUnderWayMax = UMS_SANITIZE_THREAD ? 1 : 32;
constexpr int kSignals = UMS_SANITIZE_ADDRESS || UMS_SANITIZE_THREAD ? 2'000 : 40'000;

std::array<pthread_t, kWorkers> handles{};
std::atomic<int> handled{0};
std::atomic<int> astray{0};

void note_number(int, siginfo_t* info, void*) {
  const auto number = static_cast<std::size_t>(info->si_value.sival_int);
  if (pthread_equal(handles[number], pthread_self()) == 0) ++astray;
  ++handled;
}

class SignalStress : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    handled = 0;
    astray = 0;
    struct sigaction action {};
    action.sa_sigaction = note_number;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ASSERT_EQ(sigaction(SIGRTMIN, &action, nullptr), 0);
  }
  void TearDown() override {
    ::signal(SIGRTMIN, SIG_DFL);
    DeviceTest::TearDown();
  }

  void add_worker(std::size_t number) {
    workers_[number] = std::make_unique<Worker>(fd_, list_, [this] {
      while (!stop_) EXPECT_EQ(yield(fd_), 0);
    });
    handles[number] = workers_[number]->handle();
  }

  void send_all() {
    for (int i = 0; i < kSignals; ++i) {
      const int number = i % kWorkers;
      sigval value{};
      value.sival_int = number;
      EXPECT_EQ(pthread_sigqueue(handles[static_cast<std::size_t>(number)], SIGRTMIN, value), 0);
      ++sent_;
      wait_until([this] { return sent_ - handled < kUnderWayMax; });
    }
  }

  std::array<std::unique_ptr<Worker>, kWorkers> workers_;
  int sent_ = 0;
  std::atomic<bool> stop_{false};
};

TEST_F(SignalStress, EachHandlerRunsInTheWorkerThatWasNamed) {
  for (std::size_t i = 0; i < kWorkers; ++i) add_worker(i);
  for (const auto& worker : workers_) wait_until_suspended(worker->tid());
  Thread conductor([this] {
    send_all();
    wait_until([] { return handled == kSignals; });
    stop_ = true;
  });
  become_scheduler(fd_, list_);
  run_workers(fd_, list_, kWorkers);
  conductor.join();
  for (auto& worker : workers_) worker.reset();
  EXPECT_EQ(handled, kSignals);
  EXPECT_EQ(astray, 0);
}

TEST_F(SignalStress, AHandlerDoesNotWaitForTheNextCall) {
  constexpr int kRounds = 2'000;
  std::atomic<int> round{0};
  Worker worker(fd_, list_, [&] {
    for (int i = 1; i <= kRounds; ++i) {
      round = i;
      for (int k = 0; k < 5; ++k) dev_close(dev_dup(fd_));
      wait_until([i] { return handled == i; });
    }
  });
  handles[0] = worker.handle();
  Thread sender([&] {
    for (int i = 1; i <= kRounds; ++i) {
      wait_until([&] { return round == i; });
      EXPECT_EQ(pthread_sigqueue(worker.handle(), SIGRTMIN, sigval{.sival_int = 0}), 0);
    }
  });
  become_scheduler(fd_, list_);
  run_workers(fd_, list_, 1);
  sender.join();
  EXPECT_EQ(astray, 0);
}

}  // namespace
}  // namespace ums::test
