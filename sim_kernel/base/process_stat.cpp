// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/base/process_stat.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "sim_kernel/base/proc_file.h"

namespace ums::kernel {

// "PID (NAME) STATE NUMBER ..."
ProcessStat::ProcessStat(pid_t pid) noexcept {
  char path[32];
  *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/stat", pid).out = '\0';
  read_proc_text(path, text_, sizeof text_);
  rest_ = std::strrchr(text_, ')');
}

std::uint64_t ProcessStat::number(int field) const noexcept {
  const char* word = rest_;
  for (int at = 3; word != nullptr && at <= field; ++at) word = std::strchr(word + 1, ' ');
  return word != nullptr ? std::strtoul(word, nullptr, 10) : 0;
}

}  // namespace ums::kernel
