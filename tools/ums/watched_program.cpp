// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/watched_program.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "tools/ums/front_message.h"
#include "tools/ums/pidfd.h"

namespace ums::command {

WatchedProgram::WatchedProgram(pid_t watch, Descriptor told, Descriptor front)
    : watch_(watch),
      told_(std::move(told)),
      front_(std::move(front)),
      watch_pidfd_(open_pidfd(watch)) {}

bool WatchedProgram::await_start() {
  FrontMessage message;
  bool hung_up = false;
  pollfd ready{told_.get(), POLLIN, 0};
  while (!receive_message(told_.get(), &message, &hung_up)) {
    if (hung_up) return false;
    poll(&ready, 1, -1);
  }
  pid_ = message.value;
  program_ = std::move(message.descriptor);
  return static_cast<bool>(program_);
}

void WatchedProgram::say(const std::string& text) const {
  if (front_) send_message(front_.get(), {FrontMessage::kNote, 0, text});
}

void WatchedProgram::await_end() const {
  pollfd ready{watch_pidfd_.get(), POLLIN, 0};
  while (poll(&ready, 1, -1) < 0 && errno == EINTR) {
  }
}

void WatchedProgram::settle() {
  int status = 0;
  if (front_ && waitpid(watch_, &status, 0) == watch_ && WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    send_message(front_.get(),
                 {FrontMessage::kFailed, 0,
                  fmt::format("the process that watches the program was killed by signal {} ({})",
                              signal, strsignal(signal))});
  }
  front_.reset();
}

}  // namespace ums::command
