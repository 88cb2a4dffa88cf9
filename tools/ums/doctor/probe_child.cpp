// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/doctor/probe_child.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

namespace ums::command {

bool wait_readable(int fd) {
  constexpr int kHangMs = 5000;
  pollfd ready{fd, POLLIN, 0};
  int result = -1;
  do {
    result = poll(&ready, 1, kHangMs);
  } while (result < 0 && errno == EINTR);
  return result > 0;
}

ProbeChild::ProbeChild(const std::function<int(int)>& body) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  socket_.reset(pair[0]);
  const Descriptor theirs(pair[1]);
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ > 0) return;
  socket_.reset();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    _exit(body(theirs.get()));
  } catch (const std::exception&) {
    _exit(1);
  }
}

ProbeChild::~ProbeChild() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  wait();
}

FrontMessage ProbeChild::receive() {
  FrontMessage message;
  if (!wait_readable(socket_.get())) throw std::runtime_error("a child process hangs");
  if (receive_message(socket_.get(), &message)) return message;
  const int status = wait();
  throw std::runtime_error(WIFSIGNALED(status) ? "a child process was killed by signal " +
                                                     std::to_string(WTERMSIG(status))
                                               : "a child process ended too early");
}

int ProbeChild::wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

}  // namespace ums::command
