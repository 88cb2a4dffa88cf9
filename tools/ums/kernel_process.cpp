// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/kernel_process.h"

#include <fcntl.h>
#include <sys/prctl.h>

#include <cerrno>
#include <system_error>

#include "tools/ums/exec_program.h"
#include "tools/ums/front.h"
#include "tools/ums/front_message.h"
#include "tools/ums/pidfd.h"
#include "tools/ums/program_watch.h"

namespace ums::command {
namespace {

// P waits until F has been told of it: else nobody would kill it if K died now.
void await_told(int pipe) {
  char byte = 0;
  ssize_t count = 0;
  do {
    count = read(pipe, &byte, 1);
  } while (count < 0 && errno == EINTR);
  if (count != 1) _exit(kFailedItself);  // K is gone, and F says so
}

// P, to the exec. `child_action` is what F inherited for SIGCHLD.
[[noreturn]] void become_program(const std::vector<std::string>& command, KernelBody& body,
                                 const struct sigaction& child_action, const sigset_t& mask) {
  try {
    prctl(PR_SET_NAME, "ums");
    body.in_program();
  } catch (const std::exception& error) {
    complain(error.what());
    _exit(kFailedItself);
  }
  sigaction(SIGCHLD, &child_action, nullptr);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  _exit(exec_program(command));
}

// Signals to the process group that came before the program was a member are sent to it again.
void send_missed(const sigset_t& missed, int program_pidfd) {
  for (int signal = 1; signal < SIGRTMAX; ++signal) {
    if (signal != SIGCHLD && sigismember(&missed, signal) == 1) send_signal(program_pidfd, signal);
  }
}

void start_and_serve(const std::vector<std::string>& command, KernelBody& body, FrontEnd front,
                     const sigset_t& program_mask) {
  prctl(PR_SET_NAME, "ums-kernel");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Where SIGCHLD is ignored, Linux reaps in our place.
  struct sigaction default_action {};
  struct sigaction child_action {};
  default_action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &default_action, &child_action);
  const pid_t front_pid = front.front;
  ProgramWatch watch(std::move(front));
  if (getppid() != front_pid) return;  // killed already, and its id may be another's
  body.prepare();

  sigset_t missed;
  sigpending(&missed);
  int told[2];
  if (pipe2(told, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  }
  Descriptor waits(told[0]);
  Descriptor tells(told[1]);
  const pid_t program = fork();
  if (program < 0) throw std::system_error(errno, std::generic_category(), "cannot fork");
  if (program == 0) {
    tells.reset();
    await_told(waits.get());
    become_program(command, body, child_action, program_mask);
  }
  watch.started(program);
  if (write(tells.get(), "t", 1) != 1) {
    throw std::system_error(errno, std::generic_category(), "cannot write to a pipe");
  }
  waits.reset();
  tells.reset();
  send_missed(missed, watch.program_pidfd());
  setsid();
  close_inherited();
  fill_standard_descriptors();
  body.serve(watch);
}

}  // namespace

int kernel_process(const std::vector<std::string>& command, KernelBody& body, FrontEnd front,
                   const sigset_t& program_mask) {
  // The watch owns the socket, and is gone when the error is caught.
  const Descriptor failures(fcntl(front.socket.get(), F_DUPFD_CLOEXEC, 0));
  try {
    start_and_serve(command, body, std::move(front), program_mask);
    return 0;
  } catch (const std::exception& error) {
    send_message(failures.get(), {FrontMessage::kFailed, 0, error.what()});
    return kFailedItself;
  }
}

}  // namespace ums::command
