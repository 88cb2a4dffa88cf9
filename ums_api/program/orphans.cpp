// SPDX-License-Identifier: Apache-2.0
#include "ums_api/program/orphans.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace ums::api {

namespace {

// Of the calling thread, which is the only one. Returns whether there are some that are known:
// Linux lists them if it has CONFIG_PROC_CHILDREN.
bool kill_children() {
  std::ifstream children(fmt::format("/proc/self/task/{}/children", getpid()));
  bool found = false;
  for (pid_t child = 0; children >> child; found = true) kill(child, SIGKILL);
  return found;
}

}  // namespace

void adopt_orphans() noexcept { prctl(PR_SET_CHILD_SUBREAPER, 1); }

// Those that a child leaves are its parent's when it has ended.
void kill_orphans() noexcept {
  constexpr int kGenerationsMax = 1000;
  for (int i = 0; i < kGenerationsMax && waitpid(-1, nullptr, WNOHANG) >= 0; ++i) {
    if (!kill_children() || waitpid(-1, nullptr, 0) < 0) return;
  }
}

}  // namespace ums::api
