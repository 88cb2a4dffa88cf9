// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/front.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "tools/ums/exec_program.h"
#include "tools/ums/front_message.h"
#include "tools/ums/group_sentinel.h"
#include "tools/ums/kernel_process.h"
#include "tools/ums/pidfd.h"
#include "tools/ums/stop_state.h"

namespace ums::command {
namespace {

// The signal that a read of `fd` tells of, as its receiver would have seen it.
siginfo_t to_siginfo(const signalfd_siginfo& read) {
  siginfo_t info{};
  info.si_signo = static_cast<int>(read.ssi_signo);
  info.si_code = read.ssi_code;
  info.si_pid = static_cast<pid_t>(read.ssi_pid);
  info.si_uid = read.ssi_uid;
  info.si_value.sival_ptr = reinterpret_cast<void*>(static_cast<std::uintptr_t>(read.ssi_ptr));
  return info;
}

void unblock(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

void discard_pending(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  const timespec at_once{};
  sigtimedwait(&set, nullptr, &at_once);
}

void block_all() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

// Ends this process as the signal has ended the program, but without a core file.
[[noreturn]] void die_by(int signal) {
  prctl(PR_SET_DUMPABLE, 0);
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  raise(signal);
  unblock(signal);
  _exit(128 + signal);  // a signal that ends no program by itself cannot have ended one
}

// F, once K has been forked.
class Front {
 public:
  Front(const std::string& name, Descriptor socket, pid_t kernel, const sigset_t& early)
      : name_(name), socket_(std::move(socket)), kernel_(kernel), early_(early) {
    sigset_t all;
    sigfillset(&all);
    signals_.reset(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) {
      throw std::system_error(errno, std::generic_category(), "cannot open a signalfd");
    }
  }

  int run(GroupSentinel& sentinel);

 private:
  void take_messages();
  void take(FrontMessage& message);
  void lost_kernel();
  void take_signals(GroupSentinel& sentinel);
  bool is_for_program(const signalfd_siginfo& signal, GroupSentinel& sentinel);
  bool is_of_watch(const signalfd_siginfo& signal) const;
  void pass_on(const signalfd_siginfo& signal);
  void be_ready_to_stop(const FrontMessage& stopped);

  const std::string name_;
  Descriptor socket_;
  const pid_t kernel_;
  pid_t watch_ = -1;  // once the program has been started
  sigset_t early_;    // signals that came before K, and so P, was there: only F can pass them on
  Descriptor signals_;
  Descriptor program_;
  int last_stop_ = 0;        // the last kStopped's `stop`
  int stops_under_way_ = 0;  // kStopped without its kStopDone
  bool ended_ = false;
  int status_ = 0;
};

int Front::run(GroupSentinel& sentinel) {
  while (!ended_) {
    // Before the program is there, signals wait for it; during a stop, for its end.
    const bool takes_signals = program_ && stops_under_way_ == 0;
    pollfd ready[] = {{socket_.get(), POLLIN, 0}, {takes_signals ? signals_.get() : -1, POLLIN, 0}};
    if (poll(ready, 2, -1) < 0) continue;
    if (ready[0].revents != 0) take_messages();
    if (!ended_ && stops_under_way_ == 0 && ready[1].revents != 0) take_signals(sentinel);
  }
  if (WIFSIGNALED(status_)) die_by(WTERMSIG(status_));
  return WEXITSTATUS(status_);
}

void Front::take_messages() {
  FrontMessage message;
  bool hung_up = false;
  while (!ended_ && receive_message(socket_.get(), &message, &hung_up)) take(message);
  if (!ended_ && hung_up) lost_kernel();
}

void Front::take(FrontMessage& message) {
  switch (message.kind) {
    case FrontMessage::kStarted:
      program_ = std::move(message.descriptor);
      watch_ = message.value;
      break;
    case FrontMessage::kStopped:
      be_ready_to_stop(message);
      break;
    case FrontMessage::kStopDone:
      --stops_under_way_;
      break;
    case FrontMessage::kContinued:
      block_all();
      break;
    case FrontMessage::kEnded:
      ended_ = true;
      status_ = message.value;
      break;
    case FrontMessage::kNote:
      complain(message.text);
      break;
    case FrontMessage::kFailed:
      complain(message.text);
      if (program_) send_signal(program_.get(), SIGKILL);
      ended_ = true;
      status_ = W_EXITCODE(kFailedItself, 0);
      break;
    case FrontMessage::kReadyToStop:
    case FrontMessage::kContinue:
    case FrontMessage::kErrors:
    case FrontMessage::kJoin:
      break;
  }
}

void Front::lost_kernel() {
  int status = 0;
  std::string how = "ended";
  if (waitpid(kernel_, &status, 0) == kernel_ && WIFSIGNALED(status)) {
    how =
        fmt::format("was killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  }
  complain(
      fmt::format("the kernel process {}; '{}' cannot go on without it and is killed", how, name_));
  if (program_) send_signal(program_.get(), SIGKILL);
  ended_ = true;
  status_ = W_EXITCODE(kFailedItself, 0);
}

void Front::take_signals(GroupSentinel& sentinel) {
  // W stops neither the sentinel nor us now: it would have to ask first.
  const bool alone = is_stopped(sentinel.pid());
  signalfd_siginfo signal;
  if (read(signals_.get(), &signal, sizeof signal) != sizeof signal) return;
  const bool continues_us = alone && signal.ssi_signo == SIGCONT && !is_of_watch(signal);
  if (continues_us || is_for_program(signal, sentinel)) pass_on(signal);
}

bool Front::is_for_program(const signalfd_siginfo& signal, GroupSentinel& sentinel) {
  const int number = static_cast<int>(signal.ssi_signo);
  if (number == SIGCHLD && signal.ssi_code > 0) return false;  // of K, or of the sentinel
  const bool to_group = sentinel.take(number, watch_);
  if (is_of_watch(signal)) return false;
  if (sigismember(&early_, number) == 1) {
    sigdelset(&early_, number);
    return true;
  }
  return !to_group;
}

// W stops and continues us for the program.
bool Front::is_of_watch(const signalfd_siginfo& signal) const {
  return signal.ssi_code == SI_USER && static_cast<pid_t>(signal.ssi_pid) == watch_;
}

void Front::pass_on(const signalfd_siginfo& signal) {
  const int number = static_cast<int>(signal.ssi_signo);
  if (number == SIGCONT) {
    // By W, which may stop us at this moment, but will read it.
    send_message(socket_.get(), {.kind = FrontMessage::kContinue, .stop = last_stop_});
    return;
  }
  siginfo_t info = to_siginfo(signal);
  // Linux lets nobody send what looks as if it came from kill(2) or from the kernel.
  const bool as_it_is = signal.ssi_code < 0 && signal.ssi_code != SI_TKILL;
  if (as_it_is && send_signal(program_.get(), number, &info)) return;
  send_signal(program_.get(), number);
}

// W sends the signal if the program is still stopped then.
void Front::be_ready_to_stop(const FrontMessage& stopped) {
  last_stop_ = stopped.stop;
  ++stops_under_way_;
  // The program has it too, if it came to the group; it shall not stop us before the sentinel.
  discard_pending(stopped.value);
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  sigaction(stopped.value, &action, nullptr);  // of SIGSTOP it is, and nobody can block it
  unblock(stopped.value);
  send_message(socket_.get(), {.kind = FrontMessage::kReadyToStop, .stop = stopped.stop});
}

int start_and_front(const std::vector<std::string>& command, KernelBody& body) {
  fill_standard_descriptors();
  sigset_t inherited_mask;
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &inherited_mask);
  GroupSentinel sentinel;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a socket pair");
  }
  Descriptor ours(pair[0]);
  Descriptor theirs(pair[1]);
  sigset_t early;
  sigpending(&early);
  const pid_t front = getpid();
  const pid_t kernel = fork();
  if (kernel < 0) throw std::system_error(errno, std::generic_category(), "cannot fork");
  if (kernel == 0) {
    ours.reset();
    sentinel.leave_to_parent();
    _exit(
        kernel_process(command, body, {std::move(theirs), front, sentinel.pid()}, inherited_mask));
  }
  theirs.reset();
  close_inherited(STDERR_FILENO);
  return Front(command[0], std::move(ours), kernel, early).run(sentinel);
}

}  // namespace

int run_front(const std::vector<std::string>& command, KernelBody& body) {
  try {
    return start_and_front(command, body);
  } catch (const std::exception& error) {
    complain(error.what());
    return kFailedItself;
  }
}

}  // namespace ums::command
