// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/group_sentinel.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "tools/ums/stop_state.h"

namespace ums::command {
namespace {

// Who sent the pending `signal`: a process id, or 0 for the system; -1: it is not pending.
int take_pending(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  siginfo_t info{};
  const timespec at_once{};
  if (sigtimedwait(&set, &info, &at_once) != signal) return -1;
  return info.si_code > 0 ? 0 : info.si_pid;
}

[[noreturn]] void watch(int socket) {
  prctl(PR_SET_NAME, "ums-sentinel");
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a stopped one does not see that the socket has hung up
  int signal = 0;
  while (recv(socket, &signal, sizeof signal, 0) == sizeof signal) {
    const int sender = take_pending(signal);
    send(socket, &sender, sizeof sender, MSG_NOSIGNAL);
  }
  _exit(0);
}

}  // namespace

GroupSentinel::GroupSentinel() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a socket pair");
  }
  socket_.reset(pair[0]);
  const Descriptor theirs(pair[1]);
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "cannot fork");
  if (pid_ > 0) return;
  socket_.reset();
  try {
    close_inherited();
  } catch (const std::system_error&) {
    _exit(1);
  }
  watch(theirs.get());
}

bool GroupSentinel::take(int signal, pid_t not_from) {
  int sender = -1;
  if (send(socket_.get(), &signal, sizeof signal, MSG_NOSIGNAL) != sizeof signal) return false;
  await_answer();
  if (recv(socket_.get(), &sender, sizeof sender, 0) != sizeof sender) return false;
  return sender >= 0 && sender != getpid() && sender != not_from;
}

// If the maker was stopped at this moment, and then continued alone, the sentinel is still stopped.
void GroupSentinel::await_answer() const {
  constexpr int kPatienceMs = 20;
  pollfd answer{socket_.get(), POLLIN, 0};
  while (poll(&answer, 1, kPatienceMs) <= 0) {
    if (is_stopped(pid_)) kill(pid_, SIGCONT);
  }
}

}  // namespace ums::command
