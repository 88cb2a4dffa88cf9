// SPDX-License-Identifier: Apache-2.0
//
// ProbeChild: a child process in which something is tried that cannot be undone, or that another
// process must do; it is connected by a socket, and killed and reaped with its owner.
//
//     ProbeChild child([](int socket) { send_message(socket, ...); return 0; });
//     const FrontMessage answer = child.receive();
//
// Thread safety: one thread, and the process must have no other.
#pragma once

#include <sys/types.h>

#include <functional>

#include "tools/ums/front_message.h"

namespace ums::command {

class ProbeChild {
 public:
  // Forks; the child calls `body` with its end of the socket, and exits with what it returns; if it
  // throws, with 1. Throws std::system_error.
  explicit ProbeChild(const std::function<int(int)>& body);
  ~ProbeChild();
  ProbeChild(const ProbeChild&) = delete;
  ProbeChild& operator=(const ProbeChild&) = delete;

  pid_t pid() const { return pid_; }

  // The child's next message. Throws std::runtime_error if the child ends, or hangs, without one.
  FrontMessage receive();

  // Waits for the child's end. Its wait status.
  int wait();

 private:
  pid_t pid_ = -1;
  Descriptor socket_;
};

// Whether `fd` becomes readable, or hangs up, within a time that only a hang exceeds.
bool wait_readable(int fd);

}  // namespace ums::command
