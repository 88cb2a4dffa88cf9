// SPDX-License-Identifier: Apache-2.0
#include "support/server/served.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "sim_kernel/server/filter.h"
#include "sim_kernel/server/kernel_loop.h"
#include "sim_kernel/server/listener.h"
#include "support/server/kernel_window.h"

namespace ums::test {

namespace {

// A message of one byte and one descriptor.
struct Message {
  msghdr* header() {
    header_.msg_iov = &byte_;
    header_.msg_iovlen = 1;
    header_.msg_control = control_;
    header_.msg_controllen = sizeof control_;
    return &header_;
  }

 private:
  char letter_ = 'l';
  iovec byte_{&letter_, 1};
  msghdr header_{};
  alignas(cmsghdr) char control_[CMSG_SPACE(sizeof(int))]{};
};

void send_descriptor(int socket, int descriptor) {
  Message message;
  cmsghdr* const control = CMSG_FIRSTHDR(message.header());
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
  sendmsg(socket, message.header(), 0);
}

int receive_descriptor(int socket) {
  Message message;
  msghdr* const header = message.header();
  if (recvmsg(socket, header, MSG_CMSG_CLOEXEC) != 1) return -1;
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(header)), sizeof descriptor);
  return descriptor;
}

[[noreturn]] void run_program(int socket, const std::function<void()>& program) {
  const int listener = kernel::install_filter();
  if (listener < 0) {
    std::fprintf(stderr, "no filter: %s\n", std::strerror(-listener));
    _exit(1);
  }
  send_descriptor(socket, listener);
  close(listener);
  close(socket);
  program();
  std::fflush(nullptr);
  _exit(testing::Test::HasFailure() ? 1 : 0);
}

}  // namespace

int served(const std::function<void()>& program, const std::function<void()>& meanwhile) {
  static const int started = [] {
    const int error = kernel::kernel_loop_start();
    if (error == 0) open_kernel_window();
    return error;
  }();
  EXPECT_EQ(started, 0);
  int sockets[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) run_program(sockets[1], program);
  close(sockets[1]);
  const int descriptor = receive_descriptor(sockets[0]);
  close(sockets[0]);
  if (descriptor >= 0) {
    kernel::Listener listener(descriptor);
    while (!listener.has_hung_up()) {
      kernel::kernel_loop_turn();
      meanwhile();
    }
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

}  // namespace ums::test
