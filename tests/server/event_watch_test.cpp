// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/event_watch.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

namespace ums::test {
namespace {

class EventWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    epoll_event event{};
    event.events = EPOLLIN;
    ASSERT_EQ(epoll_ctl(epoll_, EPOLL_CTL_ADD, events_, &event), 0);
    ASSERT_EQ(pipe(silent_), 0);
    ASSERT_TRUE(watch_.start(epoll_));
  }

  // What the kernel loop does in its listener.
  int wait_to_be_called() {
    char byte = 0;
    return read(silent_[0], &byte, 1) == -1 ? errno : 0;
  }

  // Of the program for ever: the watch's thread has them.
  const int epoll_ = epoll_create1(0);
  const int events_ = eventfd(0, EFD_NONBLOCK);
  int silent_[2] = {-1, -1};
  kernel::EventWatch& watch_ = *new kernel::EventWatch;
};

TEST_F(EventWatchTest, CallsForAnEventThatComesLater) {
  watch_.go_on();
  std::thread other([&] { eventfd_write(events_, 1); });
  EXPECT_EQ(wait_to_be_called(), EINTR);
  EXPECT_TRUE(watch_.has_seen());
  other.join();
}

// "sent again each millisecond": the first signal comes before the wait.
TEST_F(EventWatchTest, CallsUntilItIsHeard) {
  eventfd_write(events_, 1);
  watch_.go_on();
  while (!watch_.has_seen()) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wait_to_be_called(), EINTR);
  watch_.go_on();  // the event is still there
  EXPECT_EQ(wait_to_be_called(), EINTR);
  EXPECT_TRUE(watch_.has_seen());
}

TEST_F(EventWatchTest, IsSilentUntilItGoesOn) {
  eventfd_write(events_, 1);
  std::thread other([&] { EXPECT_EQ(write(silent_[1], "", 1), 1); });
  EXPECT_EQ(wait_to_be_called(), 0) << "paused from the start";
  other.join();
  watch_.go_on();
  EXPECT_EQ(wait_to_be_called(), EINTR);
  watch_.pause();
  EXPECT_FALSE(watch_.has_seen());
}

}  // namespace
}  // namespace ums::test
