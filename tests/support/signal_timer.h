// SPDX-License-Identifier: Apache-2.0
//
// SignalTimer: sends SIGRTMIN with a value, as soon as it is made and whenever it is told to, to
// the process (SIGEV_SIGNAL) or to thread `tid` (SIGEV_THREAD_ID).
//
// Thread safety: one owner.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <csignal>
#include <ctime>

namespace ums::test {

class SignalTimer {
 public:
  SignalTimer(int notify, pid_t tid, int value) {
    sigevent event{};
    event.sigev_notify = notify;
    event.sigev_signo = SIGRTMIN;
    event.sigev_value.sival_int = value;
    event._sigev_un._tid = tid;
    EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer_), 0);
    send_again();
  }
  ~SignalTimer() { EXPECT_EQ(timer_delete(timer_), 0); }
  SignalTimer(const SignalTimer&) = delete;
  SignalTimer& operator=(const SignalTimer&) = delete;

  // Returns when it is sent.
  void send_again() const {
    itimerspec left = {{0, 0}, {0, 1}};
    EXPECT_EQ(timer_settime(timer_, 0, &left, nullptr), 0);
    do {
      EXPECT_EQ(timer_gettime(timer_, &left), 0);
    } while (left.it_value.tv_nsec != 0);
  }

 private:
  timer_t timer_{};
};

}  // namespace ums::test
