// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/join_kernel.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>

#include "sim_kernel/base/process_stat.h"
#include "tools/ums/front_message.h"

namespace ums::command {
namespace {

// Whether the process, which has one thread, is about to end, before any descriptor of it is
// closed; or is gone.
bool is_exiting(pid_t pid) {
  constexpr std::uint64_t kExiting = 0x4;  // Linux: PF_EXITING, of the flags
  const kernel::ProcessStat stat(pid);
  return !stat.ok() || (stat.number(9) & kExiting) != 0;
}

// Throws if the kernel process is gone, or refuses.
void expect_kernel(const KernelName& name, pid_t kernel, const std::string& program) {
  FrontMessage message;
  bool hung_up = false;
  if (receive_message(name.socket(), &message, &hung_up)) throw std::runtime_error(message.text);
  if (!hung_up && !is_exiting(kernel)) return;
  throw std::runtime_error(fmt::format(
      "the kernel process that '{0}' has joined has ended; '{0}' cannot go on without it and is "
      "killed",
      program));
}

}  // namespace

// Without Yama there is no such call (EINVAL), nor need for it.
void allow_kernel(pid_t kernel) {
  prctl(PR_SET_PTRACER, static_cast<unsigned long>(kernel), 0, 0, 0);
}

std::string limit_of_joining() {
  std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
  int scope = 0;
  if (!(file >> scope) || scope != 1) return {};
  return "kernel.yama.ptrace_scope is 1: processes that the program forks are out of the kernel "
         "process's reach and find no device; 'sysctl kernel.yama.ptrace_scope=0' allows it, and "
         "so does 'ums run' without --attach";
}

void serve_by_joining(const KernelName& name, JoiningProgram program, ProgramWatch& watch) {
  const pid_t kernel = name.kernel();
  send_message(name.socket(), {.kind = FrontMessage::kErrors}, program.errors.get());
  send_message(name.socket(), {.kind = FrontMessage::kJoin, .value = kJoinVersion},
               program.listener.get());
  program.errors.reset();
  program.listener.reset();  // it hangs up with the kernel process
  // A program whose calls nobody answers any more may end by itself.
  watch.before_end = [&] { expect_kernel(name, kernel, program.name); };
  while (!watch.childless()) {
    pollfd ready[] = {{watch.children_fd(), POLLIN, 0},
                      {watch.front_fd(), POLLIN, 0},
                      {name.socket(), POLLIN, 0}};
    if (poll(ready, 3, -1) < 0) continue;
    expect_kernel(name, kernel, program.name);
    if (ready[1].revents != 0) watch.on_front();
    if (ready[0].revents != 0) watch.on_children();
  }
}

}  // namespace ums::command
