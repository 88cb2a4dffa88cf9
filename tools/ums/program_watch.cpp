// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/program_watch.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "tools/ums/front_message.h"
#include "tools/ums/pidfd.h"
#include "tools/ums/stop_state.h"

namespace ums::command {

ProgramWatch::ProgramWatch(FrontEnd front)
    : front_(std::move(front.socket)),
      front_pidfd_(open_pidfd(front.front)),
      sentinel_(front.sentinel),
      sentinel_pidfd_(open_pidfd(front.sentinel)) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  children_.reset(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!children_) throw std::system_error(errno, std::generic_category(), "cannot open a signalfd");
}

void ProgramWatch::started(pid_t program) {
  program_ = program;
  program_pidfd_ = open_pidfd(program);
  send_message(front_.get(), {FrontMessage::kStarted, getpid()}, program_pidfd_.get());
}

void ProgramWatch::on_children() {
  signalfd_siginfo ignored;
  while (read(children_.get(), &ignored, sizeof ignored) > 0) {
  }
  for (;;) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT | __WALL) !=
        0) {
      childless_ = errno == ECHILD;
      return;
    }
    if (info.si_pid == 0) return;
    if (info.si_code == CLD_STOPPED || info.si_code == CLD_CONTINUED) {
      waitid(P_PID, static_cast<id_t>(info.si_pid), &info,
             WSTOPPED | WCONTINUED | WNOHANG | __WALL);
      if (info.si_pid == program_) on_state(info.si_code, info.si_status);
    } else {
      on_reaped(info.si_pid);
    }
  }
}

void ProgramWatch::on_state(int code, int status) {
  if (code == CLD_CONTINUED) {
    stopped_by_ = 0;
    send_message(front_.get(), {FrontMessage::kContinued});
    continue_front();
    return;
  }
  stopped_by_ = status;
  if (status == SIGSTOP && is_stopped(sentinel_)) return;
  send_message(front_.get(), {.kind = FrontMessage::kStopped, .value = status, .stop = ++stops_});
}

void ProgramWatch::on_ready_to_stop(int stop) {
  if (stop == stops_ && stopped_by_ != 0) stop_front(stopped_by_);
  send_message(front_.get(), {FrontMessage::kStopDone});
}

void ProgramWatch::stop_front(int signal) {
  send_signal(sentinel_pidfd_.get(), SIGSTOP);
  send_signal(front_pidfd_.get(), signal);
}

void ProgramWatch::continue_front() {
  send_signal(sentinel_pidfd_.get(), SIGCONT);
  send_signal(front_pidfd_.get(), SIGCONT);
}

void ProgramWatch::on_reaped(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, WNOHANG | __WALL) != pid) return;
  if (pid == program_) {
    program_ = -1;
    stopped_by_ = 0;
    if (before_end) before_end();
    send_message(front_.get(), {FrontMessage::kEnded, status});
    continue_front();  // a stopped one could not end
  }
  if (reaped) reaped(pid, status);
}

void ProgramWatch::on_front() {
  on_children();  // the front may ask for what the program has done already
  FrontMessage message;
  bool hung_up = false;
  while (receive_message(front_.get(), &message, &hung_up)) {
    if (message.kind == FrontMessage::kReadyToStop) on_ready_to_stop(message.stop);
    if (message.kind == FrontMessage::kContinue && message.stop == stops_ && program_ > 0) {
      send_signal(sentinel_pidfd_.get(), SIGCONT);
      send_signal(program_pidfd_.get(), SIGCONT);
    }
  }
  if (!hung_up) return;
  front_is_gone_ = true;
  if (program_ > 0) send_signal(program_pidfd_.get(), SIGKILL);
}

void ProgramWatch::serve() {
  while (!childless()) {
    pollfd ready[] = {{children_fd(), POLLIN, 0}, {front_fd(), POLLIN, 0}};
    if (poll(ready, 2, -1) < 0) continue;
    if (ready[1].revents != 0) on_front();
    if (ready[0].revents != 0) on_children();
  }
}

}  // namespace ums::command
