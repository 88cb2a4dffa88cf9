// SPDX-License-Identifier: Apache-2.0
//
// signal_reporter: prints `ready PID`, and then a line for each signal: its number, and of a queued
// one its value and sender too. SIGTERM's line is the last; then it exits with status 0.
#include <unistd.h>

#include <csignal>
#include <cstdio>

int main() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  std::printf("ready %d\n", getpid());
  std::fflush(stdout);
  siginfo_t info{};
  do {
    if (sigwaitinfo(&all, &info) < 0) continue;
    if (info.si_code == SI_QUEUE) {
      std::printf("%d %d %d\n", info.si_signo, info.si_value.sival_int, info.si_pid);
    } else {
      std::printf("%d\n", info.si_signo);
    }
    if (std::fflush(stdout) != 0) return 1;
  } while (info.si_signo != SIGTERM);
}
