// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/signals/signal_queue.h"

#include <gtest/gtest.h>

#include <csignal>

namespace {

using ums::kernel::SignalQueue;

siginfo_t queued(int signal, int value) {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = 17;
  info.si_uid = 18;
  info.si_value.sival_int = value;
  return info;
}

class SignalQueueTest : public testing::Test {
 protected:
  ~SignalQueueTest() override { queue_.release(); }

  SignalQueue queue_;
};

TEST_F(SignalQueueTest, IsEmptyAtFirst) {
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_FALSE(queue_.contains(SIGUSR1));
}

TEST_F(SignalQueueTest, KeepsWhatASignalCarries) {
  ASSERT_TRUE(queue_.push(queued(SIGUSR1, 42)));
  EXPECT_TRUE(queue_.contains(SIGUSR1));
  EXPECT_FALSE(queue_.contains(SIGUSR2));
  const siginfo_t info = queue_.front();
  EXPECT_EQ(info.si_signo, SIGUSR1);
  EXPECT_EQ(info.si_code, SI_QUEUE);
  EXPECT_EQ(info.si_pid, 17);
  EXPECT_EQ(info.si_uid, 18U);
  EXPECT_EQ(info.si_value.sival_int, 42);
}

// Through several sizes, with some taken in between.
TEST_F(SignalQueueTest, KeepsTheOrder) {
  int taken = 0;
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_TRUE(queue_.push(queued(SIGRTMIN, i)));
    if (i % 3 != 0) continue;
    EXPECT_EQ(queue_.front().si_value.sival_int, taken++);
    queue_.pop();
  }
  for (; !queue_.empty(); queue_.pop()) {
    EXPECT_EQ(queue_.front().si_value.sival_int, taken++);
  }
  EXPECT_EQ(taken, 5'000);
  EXPECT_FALSE(queue_.contains(SIGRTMIN));
}

TEST_F(SignalQueueTest, TakesTheOldestOfANumber) {
  EXPECT_EQ(queue_.numbers(), 0U);
  int value = 0;
  for (const int signal : {SIGUSR1, SIGRTMIN, SIGUSR2, SIGRTMIN}) {
    ASSERT_TRUE(queue_.push(queued(signal, value++)));
  }
  EXPECT_EQ(queue_.numbers(), 1UL << (SIGUSR1 - 1) | 1UL << (SIGUSR2 - 1) | 1UL << (SIGRTMIN - 1));
  EXPECT_EQ(queue_.take(SIGRTMIN).si_value.sival_int, 1);
  EXPECT_EQ(queue_.front().si_signo, SIGUSR1);
  EXPECT_EQ(queue_.take(SIGRTMIN).si_value.sival_int, 3);
  EXPECT_FALSE(queue_.contains(SIGRTMIN));
  EXPECT_EQ(queue_.take(SIGUSR1).si_value.sival_int, 0);
  EXPECT_EQ(queue_.take(SIGUSR2).si_value.sival_int, 2);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(SignalQueueTest, IsFullAtLast) {
  constexpr unsigned kMany = 1U << 22;
  unsigned count = 0;
  while (count < kMany && queue_.push(queued(SIGRTMIN, 0))) ++count;
  EXPECT_GT(count, 100'000U);
  EXPECT_LT(count, kMany);
  EXPECT_EQ(queue_.size(), count);
}

TEST_F(SignalQueueTest, IsUsableAfterARelease) {
  ASSERT_TRUE(queue_.push(queued(SIGUSR1, 1)));
  queue_.release();
  EXPECT_TRUE(queue_.empty());
  ASSERT_TRUE(queue_.push(queued(SIGUSR2, 2)));
  EXPECT_EQ(queue_.front().si_signo, SIGUSR2);
}

}  // namespace
