// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sched/signal_aim.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <initializer_list>
#include <vector>

#include "sim_kernel/init/start_kernel.h"
#include "support/emulator.h"

namespace {

using ums::kernel::aim_at_process;
using ums::kernel::aimed_at_thread;

// A signal of this process with the code `code`.
siginfo_t signal_of(int code) {
  ums::kernel::start_kernel();
  siginfo_t info{};
  info.si_signo = SIGRTMIN;
  info.si_code = code;
  info.si_pid = getpid();
  info.si_uid = getuid();
  return info;
}

TEST(SignalAim, PlainSignals) {
  EXPECT_TRUE(aimed_at_thread(signal_of(SI_TKILL)));
  for (const int code :
       std::initializer_list<int>{SI_USER, SI_KERNEL, SI_MESGQ, SI_SIGIO, CLD_EXITED}) {
    EXPECT_FALSE(aimed_at_thread(signal_of(code))) << code;
  }
}

TEST(SignalAim, QueuedSignals) {
  siginfo_t info = signal_of(SI_QUEUE);
  EXPECT_TRUE(aimed_at_thread(info));
  aim_at_process(info);
  EXPECT_FALSE(aimed_at_thread(info));
  info = signal_of(SI_QUEUE);
  info.si_pid = getpid() + 1;
  EXPECT_FALSE(aimed_at_thread(info)) << "another process knows only processes";
}

// The mark travels with the signal, and no field shows it.
TEST(SignalAim, MarkOfSigqueue) {
  SKIP_UNDER_EMULATOR("it copies only the fields of a signal that it knows");
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &set, &old), 0);
  ASSERT_EQ(sigqueue(getpid(), SIGRTMIN, sigval{.sival_int = 42}), 0);
  siginfo_t info;
  ASSERT_EQ(sigwaitinfo(&set, &info), SIGRTMIN);
  EXPECT_FALSE(aimed_at_thread(info));
  EXPECT_EQ(info.si_code, SI_QUEUE);
  EXPECT_EQ(info.si_errno, 0);
  EXPECT_EQ(info.si_pid, getpid());
  EXPECT_EQ(info.si_uid, getuid());
  EXPECT_EQ(info.si_value.sival_int, 42);
  ASSERT_EQ(pthread_sigqueue(pthread_self(), SIGRTMIN, sigval{.sival_int = 43}), 0);
  ASSERT_EQ(sigwaitinfo(&set, &info), SIGRTMIN);
  EXPECT_TRUE(aimed_at_thread(info));
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

TEST(SignalAim, SigqueueFails) {
  errno = 0;
  EXPECT_EQ(sigqueue(getpid(), 65, sigval{}), -1);
  EXPECT_EQ(errno, EINVAL);
}

class SignalAimTimers : public testing::Test {
 protected:
  ~SignalAimTimers() override {
    for (const timer_t timer : timers_) timer_delete(timer);
  }

  // A signal of a new timer that notifies in the way `notify`.
  siginfo_t timer_signal(int notify) {
    sigevent event{};
    event.sigev_notify = notify;
    event.sigev_signo = SIGRTMIN;
    event._sigev_un._tid = gettid();
    timer_t timer{};
    EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    timers_.push_back(timer);
    siginfo_t info = signal_of(SI_TIMER);
    info.si_timerid = static_cast<int>(reinterpret_cast<long>(timer));
    return info;
  }

 private:
  std::vector<timer_t> timers_;
};

TEST_F(SignalAimTimers, AreToldApart) {
  SKIP_UNDER_EMULATOR("its timers have other numbers than those in /proc");
  if (access("/proc/self/timers", R_OK) != 0) GTEST_SKIP() << "Linux lists no timers here";
  for (int i = 0; i < 30; ++i) {
    EXPECT_FALSE(aimed_at_thread(timer_signal(SIGEV_SIGNAL))) << i;
    EXPECT_TRUE(aimed_at_thread(timer_signal(SIGEV_THREAD_ID))) << i;
  }
}

TEST_F(SignalAimTimers, UnknownOneIsTheProcesss) {
  siginfo_t info = timer_signal(SIGEV_THREAD_ID);
  info.si_timerid = 12345;
  EXPECT_FALSE(aimed_at_thread(info));
}

}  // namespace
