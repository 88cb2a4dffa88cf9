// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/clients/thread_status.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "sim_kernel/base/proc_file.h"
#include "sim_kernel/base/process_stat.h"

namespace ums::kernel {

namespace {

// The beginning of a file of a thread, as text.
struct ThreadFile {
  ThreadFile(pid_t tid, const char* name) noexcept {
    char path[48];
    *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/{}", tid, name).out = '\0';
    read_proc_text(path, text, sizeof text);
  }

  char text[2048];
};

// The line of /proc/TID/status that `name`, with a newline before it, begins; empty: it has none.
std::string_view line_of(const ThreadFile& status, const char* name) noexcept {
  const char* const line = std::strstr(status.text, name);
  return line != nullptr ? std::string_view(line, std::strcspn(line + 1, "\n") + 1)
                         : std::string_view();
}

// The number behind a name of /proc/TID/status, or -1.
pid_t id_in_status(pid_t tid, const char* name) noexcept {
  const ThreadFile status(tid, "status");
  const char* const line = std::strstr(status.text, name);
  return line != nullptr ? static_cast<pid_t>(std::atoi(line + std::strlen(name))) : -1;
}

}  // namespace

pid_t process_of_thread(pid_t tid) noexcept { return id_in_status(tid, "\nTgid:"); }

pid_t parent_of_process(pid_t pid) noexcept { return id_in_status(pid, "\nPPid:"); }

bool has_our_rights(pid_t tid) noexcept {
  const ThreadFile theirs(tid, "status");
  const ThreadFile ours(static_cast<pid_t>(raw_syscall(SYS_gettid)), "status");
  for (const char* const name : {"\nUid:", "\nGid:", "\nGroups:", "\nCapEff:"}) {
    const std::string_view line = line_of(theirs, name);
    if (line.empty() || line != line_of(ours, name)) return false;
  }
  return true;
}

bool is_signal_held_off(pid_t tid, int signal) noexcept {
  const ThreadFile status(tid, "status");
  std::uint64_t set = 0;
  for (const char* const name : {"\nSigBlk:", "\nSigIgn:"}) {
    const char* const line = std::strstr(status.text, name);
    if (line != nullptr) set |= std::strtoul(line + std::strlen(name), nullptr, 16);
  }
  return (set >> (signal - 1) & 1) != 0;
}

Image image_of_process(pid_t pid) noexcept {
  constexpr std::uint64_t kForkNoExec = 0x40;  // Linux: PF_FORKNOEXEC
  const ProcessStat stat(pid);
  Image image;
  image.is_known = stat.ok();
  image.is_forked = (stat.number(9) & kForkNoExec) != 0;  // of the flags
  image.code = stat.number(26);
  image.stack = stat.number(28);
  return image;
}

// "NUMBER ARGUMENT*6 STACK INSTRUCTION", from the second on in hexadecimal digits.
WaitingStack stack_of_waiting_thread(pid_t tid) noexcept {
  const ThreadFile call(tid, "syscall");
  if (*call.text == '\0') return {};
  const char* const last = std::strrchr(call.text, ' ');
  if (last == nullptr) return {WaitingStack::State::kAwake};  // "running"
  const auto* const before =
      static_cast<const char*>(memrchr(call.text, ' ', static_cast<std::size_t>(last - call.text)));
  if (before == nullptr) return {WaitingStack::State::kAwake};
  return {WaitingStack::State::kKnown, std::strtoul(before, nullptr, 16)};
}

}  // namespace ums::kernel
