// SPDX-License-Identifier: Apache-2.0
#include "ums_api/program/child_watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>

#include "sim_kernel/base/kassert.h"

namespace ums::api {

namespace {

constexpr int kPatienceAfterSignalMs = 1000;

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
  return file >> what ? what : "running";
}

// False: it had to be ended.
bool ends_by_itself(int pidfd, const ProgramExecution& execution, int patience_ms) {
  std::uint64_t steps;
  do {
    steps = execution.counts().steps;
    if (ends_within(pidfd, patience_ms)) return true;
  } while (execution.counts().steps != steps);
  return false;
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
  if (!ends_by_itself(pidfd, execution, patience_ms)) {
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
