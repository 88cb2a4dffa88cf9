// SPDX-License-Identifier: Apache-2.0
#include "ums_api/program/child_watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <fstream>

#include "sim_kernel/base/kassert.h"

namespace ums::api {

namespace {

constexpr int kPatienceAfterSignalMs = 1000;
constexpr const char* kRunning = "running";

// Whether it has ended by then.
bool ends_within(int pidfd, int milliseconds) {
  pollfd ended{pidfd, POLLIN, 0};
  int ready;
  do {
    ready = poll(&ended, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// What proc_pid_syscall(5) says first.
std::string what_it_does(pid_t child) {
  std::ifstream file(fmt::format("/proc/{}/syscall", child));
  std::string what;
  return file >> what ? what : kRunning;
}

// That the process has used; 0: it has ended.
std::uint64_t processor_ms(pid_t child) {
  clockid_t clock;
  timespec time{};
  if (clock_getcpuclockid(child, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
         static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
}

// Whether it has not had the processor for most of the time, though it could compute: others have
// it.
bool is_starved(pid_t child, std::uint64_t processor_ms_before, int patience_ms) {
  return what_it_does(child) == kRunning &&
         processor_ms(child) - processor_ms_before < static_cast<std::uint64_t>(patience_ms) / 2;
}

// False: it has to be ended.
bool ends_by_itself(pid_t child, int pidfd, const ProgramExecution& execution, int patience_ms) {
  constexpr int kStarvedMax = 20;  // periods, on a machine that has no time for it
  std::uint64_t steps = execution.counts().steps;
  std::uint64_t processor = processor_ms(child);
  for (int starved = 0; !ends_within(pidfd, patience_ms);) {
    if (execution.counts().steps != steps) {
      steps = execution.counts().steps;
      processor = processor_ms(child);
      starved = 0;
    } else if (++starved > kStarvedMax || !is_starved(child, processor, patience_ms)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string ChildEnd::text() const {
  if (!hung.empty()) return "hung " + hung;
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit {}", WEXITSTATUS(status));
}

ChildEnd watch_child(pid_t child, const ProgramExecution& execution, int patience_ms) {
  ChildEnd end;
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  kassert(pidfd >= 0, "cannot watch process {}: errno {}", child, errno);
  if (!ends_by_itself(child, pidfd, execution, patience_ms)) {
    end.hung = what_it_does(child);
    kill(child, kTellSignal);
    if (!ends_within(pidfd, kPatienceAfterSignalMs)) kill(child, SIGKILL);
  }
  close(pidfd);
  while (waitpid(child, &end.status, 0) < 0 && errno == EINTR) {
  }
  return end;
}

}  // namespace ums::api
