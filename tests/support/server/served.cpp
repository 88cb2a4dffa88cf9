// SPDX-License-Identifier: Apache-2.0
#include "support/server/served.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sim_kernel/base/descriptor_passing.h"
#include "sim_kernel/server/filter.h"
#include "sim_kernel/server/kernel_loop.h"
#include "sim_kernel/server/listener.h"
#include "support/objects_here.h"
#include "support/server/kernel_window.h"

namespace ums::test {

namespace {

[[noreturn]] void run_program(int socket, const std::function<void()>& program) {
  const int listener = kernel::install_filter();
  if (listener < 0) {
    std::fprintf(stderr, "no filter: %s\n", std::strerror(-listener));
    _exit(1);
  }
  kernel::send_descriptor(socket, listener);
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
    static const pid_t kernel = getpid();
    std::atexit([] {
      if (getpid() == kernel) kernel::kernel_loop_stop();  // not in programs, which are forks
    });
    return error;
  }();
  EXPECT_EQ(started, 0);
  const LiveObjects before = objects_here();
  int sockets[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) run_program(sockets[1], program);
  close(sockets[1]);
  const int descriptor = kernel::receive_descriptor(sockets[0]);
  close(sockets[0]);
  if (descriptor >= 0) {
    kernel::Listener listener(descriptor);
    while (!listener.has_hung_up() || kernel::kernel_is_used()) {
      kernel::kernel_loop_turn();
      meanwhile();
    }
  }
  EXPECT_EQ(objects_here(), before) << "the program has left something behind";
  int status = -1;
  EXPECT_EQ(TEMP_FAILURE_RETRY(waitpid(child, &status, 0)), child);
  return status;
}

}  // namespace ums::test
