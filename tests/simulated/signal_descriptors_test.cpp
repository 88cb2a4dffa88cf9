// SPDX-License-Identifier: Apache-2.0
//
// signalfd in a simulation: it tells of the signals that tasks send, and of those from outside.
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "tests/support/expect_right.h"

namespace ums::test {
namespace {

// A descriptor that tells of signals, which are blocked meanwhile.
class SignalDescriptor {
 public:
  template <typename... Signals>
  explicit SignalDescriptor(Signals... signals) {
    sigemptyset(&set_);
    (sigaddset(&set_, signals), ...);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
    fd_ = signalfd(-1, &set_, SFD_CLOEXEC);
    EXPECT_GE(fd_, 0);
  }
  ~SignalDescriptor() {
    close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalDescriptor(const SignalDescriptor&) = delete;
  SignalDescriptor& operator=(const SignalDescriptor&) = delete;

  int fd() const { return fd_; }

  signalfd_siginfo take() const {
    signalfd_siginfo info{};
    EXPECT_EQ(read(fd_, &info, sizeof info), ssize_t{sizeof info});
    return info;
  }

  bool is_ready(int ms = 0) const {
    pollfd look = {fd_, POLLIN, 0};
    return poll(&look, 1, ms) == 1;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
  int fd_ = -1;
};

TEST(SignalDescriptors, TellOfWhatOneSendsItself) {
  expect_right([] {
    const SignalDescriptor signals(SIGUSR1, SIGUSR2);
    EXPECT_FALSE(signals.is_ready());
    EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
    EXPECT_TRUE(signals.is_ready());
    const signalfd_siginfo info = signals.take();
    EXPECT_EQ(info.ssi_signo, SIGUSR1);
    EXPECT_EQ(info.ssi_code, SI_USER);
    EXPECT_EQ(info.ssi_pid, getpid());
    EXPECT_FALSE(signals.is_ready(1000));
    EXPECT_EQ(raise(SIGUSR2), 0);
    EXPECT_EQ(signals.take().ssi_signo, SIGUSR2);
  });
}

TEST(SignalDescriptors, WaitForOthers) {
  expect_right([] {
    const SignalDescriptor signals(SIGUSR1);
    run_beside([&] { EXPECT_EQ(signals.take().ssi_signo, SIGUSR1); },
               [] { EXPECT_EQ(kill(getpid(), SIGUSR1), 0); });
    run_beside(
        [&] {
          EXPECT_TRUE(signals.is_ready(-1));
          EXPECT_EQ(signals.take().ssi_int, 7);
        },
        [] { EXPECT_EQ(sigqueue(getpid(), SIGUSR1, sigval{7}), 0); });
  });
}

TEST(SignalDescriptors, TellOfWhatHasComeBefore) {
  expect_right([] {
    const SignalDescriptor first(SIGUSR1);
    EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
    EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
    const SignalDescriptor second(SIGUSR1);
    EXPECT_EQ(second.take().ssi_signo, SIGUSR1);
    EXPECT_FALSE(first.is_ready());
  });
}

// What it tells of is there for the others too that look for signals.
TEST(SignalDescriptors, LeaveSignalsToWhoIsFaster) {
  expect_right([] {
    static int handled;
    handled = 0;
    signal(SIGUSR1, [](int) { ++handled; });
    {
      const SignalDescriptor signals(SIGUSR1);
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, SIGUSR1);
      int taken = 0;
      kill(getpid(), SIGUSR1);
      EXPECT_EQ(sigwait(&set, &taken), 0);
      EXPECT_FALSE(signals.is_ready());
      kill(getpid(), SIGUSR1);
      EXPECT_EQ(handled, 0);
    }
    sched_yield();
    EXPECT_EQ(handled, 1);
    signal(SIGUSR1, SIG_DFL);
  });
}

TEST(SignalDescriptors, TellOfChildren) {
  explore::RandomStrategy strategy(1);
  EXPECT_FALSE(explore::run_many(strategy, 10, [] {
                 const SignalDescriptor signals(SIGCHLD);
                 const pid_t child = fork();
                 if (child == 0) {
                   const timespec pause = {0, 20'000'000};
                   syscall(SYS_nanosleep, &pause, nullptr);
                   _exit(0);
                 }
                 EXPECT_EQ(signals.take().ssi_signo, SIGCHLD);
                 EXPECT_EQ(waitpid(child, nullptr, 0), child);
                 return !testing::Test::HasFailure();
               }).failed());
}

}  // namespace
}  // namespace ums::test
