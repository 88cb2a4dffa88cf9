// SPDX-License-Identifier: Apache-2.0
#include "support/server/served.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "sim_kernel/base/descriptor_passing.h"
#include "sim_kernel/server/event_source.h"
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

// The program's end, which wakes the kernel loop.
class Child final : public kernel::EventSource {
 public:
  explicit Child(pid_t pid)
      : EventSource(Kind::kAsks),
        pid_(pid),
        pidfd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {
    EXPECT_TRUE(kernel::watch_events(pidfd_, EPOLLIN, *this));
  }

  ~Child() {
    if (pidfd_ >= 0) forget();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool has_ended() const { return pidfd_ < 0; }

  // Its status as waitpid gives it.
  int status() {
    if (status_ == -1) {
      EXPECT_EQ(TEMP_FAILURE_RETRY(waitpid(pid_, &status_, 0)), pid_);
    }
    return status_;
  }

 private:
  void on_event(std::uint32_t /*events*/) noexcept override { forget(); }

  void forget() noexcept {
    kernel::forget_events(pidfd_);
    close(std::exchange(pidfd_, -1));
  }

  const pid_t pid_;
  int pidfd_;  // -1 once it has ended
  int status_ = -1;
};

// What poll(2) says of `descriptor` within a millisecond, POLLHUP always.
short look_at(int descriptor, short events) {
  pollfd wanted = {descriptor, events, 0};
  poll(&wanted, 1, 1);
  return wanted.revents;
}

// The kernel loop, until no program is left. Who waits in a listener is told of that by Linux 6.11
// and newer; by an older one, who asks again, and no sooner than the program is reaped.
void serve(kernel::Listener& listener, int descriptor, Child& child,
           const std::function<void()>& meanwhile) {
  const auto is_left = [&] {
    if (listener.has_hung_up()) return false;
    if (child.has_ended()) child.status();
    return !child.has_ended() || (look_at(descriptor, 0) & POLLHUP) == 0;
  };
  while (is_left() || kernel::kernel_is_used()) {
    const bool will_return = !child.has_ended() || kernel::kernel_is_used() ||
                             (look_at(descriptor, POLLIN) & POLLIN) != 0;
    if (will_return) kernel::kernel_loop_turn();
    meanwhile();
  }
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
  Child program_process(child);
  if (descriptor >= 0) {
    kernel::Listener listener(descriptor);
    serve(listener, descriptor, program_process, meanwhile);
  }
  EXPECT_EQ(objects_here(), before) << "the program has left something behind";
  return program_process.status();
}

}  // namespace ums::test
