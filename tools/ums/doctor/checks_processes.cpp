// SPDX-License-Identifier: Apache-2.0
//
// Checks of what a kernel process does to its programs, each tried on a child.
#include <fmt/core.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>

#include "tools/ums/doctor/checks.h"
#include "tools/ums/doctor/probe_child.h"
#include "tools/ums/pidfd.h"

namespace ums::command {
namespace {

constexpr const char* kAllowPtrace =
    "in a container allow process_vm_readv, process_vm_writev and pidfd_getfd in its seccomp "
    "profile, or add the capability SYS_PTRACE";

// Has sent a message, and waits to be killed.
int announce_and_pause(int socket) {
  send_message(socket, {FrontMessage::kStarted});
  for (;;) pause();
}

// Tries to copy between here and the child's `theirs`, both ways. Whether all bytes came through.
bool copy_both_ways(pid_t child, std::uint64_t* theirs) {
  std::uint64_t ours = 0;
  iovec local{&ours, sizeof ours};
  iovec remote{theirs, sizeof *theirs};
  if (process_vm_readv(child, &local, 1, &remote, 1, 0) != sizeof ours) return false;
  const std::uint64_t first = ours;
  ours = ~first;
  if (process_vm_writev(child, &local, 1, &remote, 1, 0) != sizeof ours) return false;
  ours = 0;
  if (process_vm_readv(child, &local, 1, &remote, 1, 0) != sizeof ours) return false;
  errno = 0;
  return first == *theirs && ours == ~first;
}

}  // namespace

Finding check_remote_memory() {
  std::uint64_t word = 0x756d73756d73;  // the child has a copy at the same address
  ProbeChild child(announce_and_pause);
  child.receive();
  if (copy_both_ways(child.pid(), &word)) return ok("a child's memory can be read and written");
  return fails(fmt::format("a child's memory: {}", std::strerror(errno)), kAllowPtrace);
}

Finding check_pidfd() {
  ProbeChild child([](int socket) {
    send_message(socket, {FrontMessage::kStarted, socket});
    for (;;) pause();
    return 0;
  });
  const int theirs = child.receive().value;
  const Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, child.pid(), 0)));
  if (!pidfd) {
    return fails(fmt::format("pidfd_open: {}", std::strerror(errno)),
                 "use Linux 5.14 or newer, and allow pidfd_open(2) in the sandbox");
  }
  if (!send_signal(pidfd.get(), 0)) {
    return fails(fmt::format("pidfd_send_signal: {}", std::strerror(errno)),
                 "use Linux 5.14 or newer, and allow pidfd_send_signal(2) in the sandbox");
  }
  const Descriptor copy(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd.get(), theirs, 0)));
  if (!copy) return fails(fmt::format("pidfd_getfd: {}", std::strerror(errno)), kAllowPtrace);
  return ok("processes can be watched, and their descriptors be had");
}

Finding check_ptrace_scope() {
  std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
  int scope = 0;
  if (!(file >> scope)) return ok("no restriction");
  const char* const remedy = "as root: sysctl kernel.yama.ptrace_scope=1";
  switch (scope) {
    case 0:
      return ok("0: no restriction");
    case 1:
      return limited(
          "1: a process may look into its descendants, as kernel processes and debuggers do; of "
          "a program that joins another's kernel (--attach) the children are out of reach",
          "for that, as root: sysctl kernel.yama.ptrace_scope=0");
    case 2:
      return limited("2: only those with CAP_SYS_PTRACE may look into processes", remedy);
    default:
      return limited(fmt::format("{}: nobody may look into processes", scope),
                     "restart the system with kernel.yama.ptrace_scope=1");
  }
}

}  // namespace ums::command
