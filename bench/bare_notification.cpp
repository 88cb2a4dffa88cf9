// SPDX-License-Identifier: Apache-2.0
//
// Peer: the bare round trip of a system call through seccomp_unotify(2): a filter that sends one
// system call to a listener, and a listener that answers 0 at once and does nothing else. No kernel
// process can be faster.
//
// The targets compare with a listener in its caller's session, as the kernel process of a program
// is (docs/decisions/0019). Where Linux schedules each session as a group
// (sched_autogroup_enabled), going from one into another costs more: the second row shows it, for
// programs that begin a session.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include <cstddef>

#include "bench/check.h"
#include "bench/child.h"
#include "bench/meter.h"
#include "bench/rows.h"
#include "sim_kernel/server/notify_flags.h"

namespace ums::bench {
namespace {

constexpr long kCallsInSlice = 100;

// For the calling thread and its children. Returns the listener, or -1.
int notify_getppid() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {std::size(code), code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return static_cast<int>(
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

void answer_one(int listener) {
  seccomp_notif notification{};
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) return;
  seccomp_notif_resp response{};
  response.id = notification.id;
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

// A process of its own, as a kernel process is; it lives as long as its parent, which calls.
[[noreturn]] void answer_for_ever(int listener) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  for (;;) answer_one(listener);
}

enum class Session { kOfTheCaller, kOfItsOwn };

Sample bare_round_trips(Session session) {
  const int listener = notify_getppid();
  if (listener < 0) return Sample::unavailable("Linux refuses a filter with a listener");
  if (fork() == 0) {
    if (session == Session::kOfItsOwn) setsid();
    answer_for_ever(listener);
  }
  Meter meter(1, kCallsInSlice);
  while (!meter.count()) check(syscall(SYS_getppid) == 0, "the answered call");
  return Sample::measured(meter.nanoseconds());
}

}  // namespace

void add_notification_rows(RowTable& table) {
  table.add({"notification", kServed, "bare notification, answered at once", 1, Unit::kNanoseconds},
            isolated([] { return bare_round_trips(Session::kOfTheCaller); }));
  table.add({"notification_to_session", kServed, "the same by a listener in another session", 1,
             Unit::kNanoseconds},
            isolated([] { return bare_round_trips(Session::kOfItsOwn); }));
}

}  // namespace ums::bench
