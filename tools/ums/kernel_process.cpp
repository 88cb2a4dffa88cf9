// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/kernel_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "tools/ums/exec_program.h"
#include "tools/ums/front.h"
#include "tools/ums/front_message.h"
#include "tools/ums/watch_process.h"
#include "tools/ums/watched_program.h"

namespace ums::command {
namespace {

// Forks W, and leaves the process group.
WatchedProgram start_watch(const std::vector<std::string>& command, KernelBody& body,
                           FrontEnd front, const InheritedSignals& inherited) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a socket pair");
  }
  Descriptor ours(pair[0]);
  Descriptor its(pair[1]);
  const pid_t kernel = getpid();
  const pid_t watch = fork();
  if (watch < 0) throw std::system_error(errno, std::generic_category(), "cannot fork");
  if (watch == 0) {
    ours.reset();
    _exit(watch_process(command, body, std::move(front), {kernel, std::move(its)}, inherited));
  }
  setpgid(0, 0);
  send_missed_signals(ours.get());
  return {watch, std::move(ours), std::move(front.socket)};
}

void start_and_serve(const std::vector<std::string>& command, KernelBody& body, FrontEnd front,
                     const sigset_t& program_mask) {
  prctl(PR_SET_NAME, "ums-kernel");
  // Where SIGCHLD is ignored, Linux reaps in our place.
  InheritedSignals inherited{program_mask, {}};
  struct sigaction default_action {};
  default_action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &default_action, &inherited.on_child);
  if (getppid() != front.front) return;  // killed already, and its id may be another's
  body.prepare();
  WatchedProgram program = start_watch(command, body, std::move(front), inherited);
  close_inherited();
  fill_standard_descriptors();
  if (program.await_start()) body.serve(program);
  program.settle();
}

}  // namespace

void KernelBody::serve(WatchedProgram& program) { program.await_end(); }

int kernel_process(const std::vector<std::string>& command, KernelBody& body, FrontEnd front,
                   const sigset_t& program_mask) {
  // The watched program owns the socket, and is gone when the error is caught.
  Descriptor failures(fcntl(front.socket.get(), F_DUPFD_CLOEXEC, 0));
  try {
    start_and_serve(command, body, std::move(front), program_mask);
    return 0;
  } catch (const std::exception& error) {
    send_message(failures.get(), {FrontMessage::kFailed, 0, error.what()});
    return kFailedItself;
  }
}

}  // namespace ums::command
