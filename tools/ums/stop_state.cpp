// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/stop_state.h"

#include <fmt/core.h>

#include <csignal>
#include <fstream>
#include <string>
#include <string_view>

namespace ums::command {

bool is_stopped(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("State:\tT")) return true;
    constexpr std::string_view kPending = "ShdPnd:";
    if (!line.starts_with(kPending)) continue;
    const auto pending = std::stoull(line.substr(kPending.size()), nullptr, 16);
    return (pending >> (SIGSTOP - 1) & 1) != 0;
  }
  return false;
}

}  // namespace ums::command
