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

// Of the calling thread, which is the only one. Without CONFIG_PROC_CHILDREN there are none.
void kill_children() {
  std::ifstream children(fmt::format("/proc/self/task/{}/children", getpid()));
  for (pid_t child = 0; children >> child;) kill(child, SIGKILL);
}

}  // namespace

void adopt_orphans() noexcept { prctl(PR_SET_CHILD_SUBREAPER, 1); }

// Those that a child leaves are its parent's when it has ended.
void kill_orphans() noexcept {
  constexpr int kGenerationsMax = 1000;
  for (int i = 0; i < kGenerationsMax && waitpid(-1, nullptr, WNOHANG) >= 0; ++i) {
    kill_children();
    if (waitpid(-1, nullptr, 0) < 0) return;
  }
}

}  // namespace ums::api
