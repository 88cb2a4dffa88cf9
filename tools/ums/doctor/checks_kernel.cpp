// SPDX-License-Identifier: Apache-2.0
//
// Checks of what the kernel offers to a process for itself.
#include <fmt/core.h>
#include <linux/membarrier.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/ums/doctor/checks.h"

namespace ums::command {

// What a kernel process needs came with 5.14 at the latest, and has its own checks.
Finding check_kernel_release() {
  utsname name{};
  uname(&name);
  int major = 0;
  int minor = 0;
  const std::string found = fmt::format("{} {} on {}", name.sysname, name.release, name.machine);
  if (std::sscanf(name.release, "%d.%d", &major, &minor) != 2) {
    return limited(found + ", a release that cannot be read", "see the other lines");
  }
  if (major > 5 || (major == 5 && minor >= 15)) return ok(found);
  return limited(found + ", which is not tested", "use Linux 5.15 or newer");
}

Finding check_no_new_privs() {
  const int set = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  if (set < 0) return limited(fmt::format("prctl: {}", std::strerror(errno)), "");
  if (set == 1) return ok("already set: set-user-id programs get no privileges here anyway");
  return ok("not set; a kernel process sets it for its programs, which disarms set-user-id ones");
}

Finding check_membarrier() {
  const long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  const char* const remedy = "allow membarrier(2) in the sandbox";
  if (commands < 0) {
    return limited(fmt::format("{}: every UMS call takes a fence more", std::strerror(errno)),
                   remedy);
  }
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0 ||
      syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) {
    return limited(fmt::format("private expedited: {}: every UMS call takes a fence more",
                               std::strerror(errno)),
                   remedy);
  }
  return ok("private expedited barriers work");
}

Finding check_rseq() {
  // A call that is wrong in every argument, and so changes nothing.
  if (syscall(SYS_rseq, nullptr, 0, ~0, 0) == 0 || errno != ENOSYS) {
    return ok(
        "restartable sequences are there; threads that are workers or schedulers give them up");
  }
  return ok("there are no restartable sequences to give up");
}

Finding check_thread_pointer() {
#ifdef __x86_64__
  constexpr unsigned long kHwcap2Fsgsbase = 1UL << 1;  // asm/hwcap2.h
  if ((getauxval(AT_HWCAP2) & kHwcap2Fsgsbase) != 0)
    return ok("FSGSBASE: a switch makes no system call");
  return limited("no FSGSBASE: a switch in the parallel machine makes a system call",
                 "use Linux 5.9 or newer on a processor of 2012 or newer, without nofsgsbase");
#else
  return ok("a register of the program's: a switch makes no system call");
#endif
}

}  // namespace ums::command
