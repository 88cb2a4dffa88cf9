// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/watch_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "tools/ums/exec_program.h"
#include "tools/ums/front.h"
#include "tools/ums/front_message.h"
#include "tools/ums/pidfd.h"

namespace ums::command {
namespace {

// P waits until F has been told of it: else nobody would kill it if W died now.
void await_told(int pipe) {
  char byte = 0;
  ssize_t count = 0;
  do {
    count = read(pipe, &byte, 1);
  } while (count < 0 && errno == EINTR);
  if (count != 1) _exit(kFailedItself);  // W is gone, and F says so
}

// P, to the exec.
[[noreturn]] void become_program(const std::vector<std::string>& command, KernelBody& body,
                                 const InheritedSignals& inherited) {
  try {
    prctl(PR_SET_NAME, "ums");
    body.in_program();
  } catch (const std::exception& error) {
    complain(error.what());
    _exit(kFailedItself);
  }
  sigaction(SIGCHLD, &inherited.on_child, nullptr);
  sigprocmask(SIG_SETMASK, &inherited.mask, nullptr);
  _exit(exec_program(command));
}

// Signals to the process group that came before the program was a member are sent to it again.
void send_signals(const sigset_t& missed, int program_pidfd) {
  for (int signal = 1; signal < SIGRTMAX; ++signal) {
    if (signal != SIGCHLD && sigismember(&missed, signal) == 1) send_signal(program_pidfd, signal);
  }
}

// Those that K has missed, and those that came since. Empty-handed if K is gone.
sigset_t missed_signals(int told) {
  sigset_t of_kernel;
  sigset_t ours;
  sigset_t all;
  sigemptyset(&of_kernel);
  recv(told, &of_kernel, sizeof of_kernel, 0);
  sigpending(&ours);
  sigorset(&all, &of_kernel, &ours);
  return all;
}

void start_program(const std::vector<std::string>& command, KernelBody& body, ProgramWatch& watch,
                   int told, const InheritedSignals& inherited) {
  const sigset_t missed = missed_signals(told);
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  }
  const Descriptor waits(pipe[0]);
  Descriptor tells(pipe[1]);
  const pid_t program = fork();
  if (program < 0) throw std::system_error(errno, std::generic_category(), "cannot fork");
  if (program == 0) {
    tells.reset();
    await_told(waits.get());
    become_program(command, body, inherited);
  }
  watch.started(program);
  send_message(told, {FrontMessage::kStarted, program}, watch.program_pidfd());
  if (write(tells.get(), "t", 1) != 1) {
    throw std::system_error(errno, std::generic_category(), "cannot write to a pipe");
  }
  send_signals(missed, watch.program_pidfd());
}

void start_and_watch(const std::vector<std::string>& command, KernelBody& body, FrontEnd front,
                     const WatchParent& parent, const InheritedSignals& inherited) {
  prctl(PR_SET_NAME, "ums-watch");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody answers the program's calls then
  if (getppid() != parent.kernel) return;
  ProgramWatch watch(std::move(front));
  start_program(command, body, watch, parent.told.get(), inherited);
  setsid();
  close_inherited();
  fill_standard_descriptors();
  body.watch(watch);
}

}  // namespace

void KernelBody::watch(ProgramWatch& watch) { watch.serve(); }

void send_missed_signals(int told) {
  sigset_t missed;
  sigpending(&missed);
  send(told, &missed, sizeof missed, MSG_NOSIGNAL);
}

int watch_process(const std::vector<std::string>& command, KernelBody& body, FrontEnd front,
                  WatchParent parent, const InheritedSignals& inherited) {
  // The watch owns the socket, and is gone when the error is caught.
  const Descriptor failures(fcntl(front.socket.get(), F_DUPFD_CLOEXEC, 0));
  try {
    start_and_watch(command, body, std::move(front), parent, inherited);
    return 0;
  } catch (const std::exception& error) {
    send_message(failures.get(), {FrontMessage::kFailed, 0, error.what()});
    return kFailedItself;
  }
}

}  // namespace ums::command
