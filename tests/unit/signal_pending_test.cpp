// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/signals/signal_pending.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "support/emulator.h"

namespace {

using ums::kernel::PendingSignals;
using ums::kernel::read_pending_signals;

constexpr std::uint64_t bit(int signal) { return 1UL << (signal - 1); }

// Blocks three signals, which wait until the test's end, and takes what is left of them then.
class SignalPending : public testing::Test {
 protected:
  void SetUp() override {
    sigemptyset(&set_);
    for (const int signal : {SIGUSR1, SIGUSR2, SIGRTMIN + 2}) sigaddset(&set_, signal);
    ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &set_, &before_), 0);
  }
  void TearDown() override {
    const timespec at_once{};
    while (sigtimedwait(&set_, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

TEST_F(SignalPending, NoneAtFirst) {
  PendingSignals pending;
  ASSERT_TRUE(read_pending_signals(pending));
  EXPECT_EQ(pending.thread, 0U);
  EXPECT_EQ(pending.process, 0U);
}

TEST_F(SignalPending, OfThreadAndProcessAreToldApart) {
  SKIP_UNDER_EMULATOR("it keeps signals itself");
  ASSERT_EQ(pthread_kill(pthread_self(), SIGUSR2), 0);
  ASSERT_EQ(pthread_kill(pthread_self(), SIGRTMIN + 2), 0);
  ASSERT_EQ(kill(getpid(), SIGUSR1), 0);
  PendingSignals pending;
  ASSERT_TRUE(read_pending_signals(pending));
  EXPECT_EQ(pending.thread, bit(SIGUSR2) | bit(SIGRTMIN + 2));
  EXPECT_EQ(pending.process, bit(SIGUSR1));
}

TEST_F(SignalPending, NeedsADescriptor) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  PendingSignals pending;
  const bool told = read_pending_signals(pending);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(told);
}

}  // namespace
