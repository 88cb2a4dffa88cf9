// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/signals/signal_aim.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
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
using ums::kernel::signal_aim;
using ums::kernel::SignalAim;

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
  EXPECT_EQ(signal_aim(signal_of(SI_TKILL)), SignalAim::kThread);
  for (const int code :
       std::initializer_list<int>{SI_USER, SI_KERNEL, SI_MESGQ, SI_SIGIO, CLD_EXITED}) {
    EXPECT_EQ(signal_aim(signal_of(code)), SignalAim::kProcess) << code;
  }
}

TEST(SignalAim, QueuedSignals) {
  siginfo_t info = signal_of(SI_QUEUE);
  EXPECT_EQ(signal_aim(info), SignalAim::kThread);
  aim_at_process(info);
  EXPECT_EQ(signal_aim(info), SignalAim::kProcess);
  info = signal_of(SI_QUEUE);
  info.si_pid = getpid() + 1;
  EXPECT_EQ(signal_aim(info), SignalAim::kProcess) << "another process knows only processes";
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
  EXPECT_EQ(signal_aim(info), SignalAim::kProcess);
  EXPECT_EQ(info.si_code, SI_QUEUE);
  EXPECT_EQ(info.si_errno, 0);
  EXPECT_EQ(info.si_pid, getpid());
  EXPECT_EQ(info.si_uid, getuid());
  EXPECT_EQ(info.si_value.sival_int, 42);
  ASSERT_EQ(pthread_sigqueue(pthread_self(), SIGRTMIN, sigval{.sival_int = 43}), 0);
  ASSERT_EQ(sigwaitinfo(&set, &info), SIGRTMIN);
  EXPECT_EQ(signal_aim(info), SignalAim::kThread);
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
    EXPECT_EQ(signal_aim(timer_signal(SIGEV_SIGNAL)), SignalAim::kProcess) << i;
    EXPECT_EQ(signal_aim(timer_signal(SIGEV_THREAD_ID)), SignalAim::kThread) << i;
  }
}

TEST_F(SignalAimTimers, NeedADescriptor) {
  const siginfo_t info = timer_signal(SIGEV_THREAD_ID);
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const SignalAim aim = signal_aim(info);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(aim, SignalAim::kUnknown);
}

TEST_F(SignalAimTimers, UnknownOneIsTheProcesss) {
  siginfo_t info = timer_signal(SIGEV_THREAD_ID);
  info.si_timerid = 12345;
  EXPECT_EQ(signal_aim(info), SignalAim::kProcess);
}

}  // namespace
