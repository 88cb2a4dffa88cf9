// SPDX-License-Identifier: Apache-2.0
//
// Programs with filters of their own at one kernel: the kernel loop waits in a listener while there
// is one, and otherwise for events of all.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "sim_kernel/base/descriptor_passing.h"
#include "sim_kernel/server/filter.h"
#include "sim_kernel/server/listener.h"
#include "support/door.h"
#include "support/server/served.h"
#include "support/thread.h"

namespace ums::test {
namespace {

// A worker and a scheduler that take turns.
void take_turns() {
  const int fd = dev_open();
  const int list = create_list(fd);
  Worker worker(fd, list, [fd] {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(yield(fd), 0);
  });
  become_scheduler(fd, list);
  run_workers(fd, list, 1);
  EXPECT_EQ(dev_close(fd), 0);
}

// Another program of the calling kernel process.
class Joined {
 public:
  Joined() {
    int sockets[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    pid_ = fork();
    if (pid_ == 0) run(sockets[1]);
    close(sockets[1]);
    listener_ = std::make_unique<kernel::Listener>(kernel::receive_descriptor(sockets[0]));
    close(sockets[0]);
  }

  // Before Linux 6.11 a listener hangs up when the program is reaped, and not before.
  bool has_ended() {
    is_reaped_ = is_reaped_ || waitpid(pid_, &status_, WNOHANG) == pid_;
    return is_reaped_ && listener_->has_hung_up();
  }

  // Its status as waitpid gives it, once it has ended.
  int status() const { return status_; }

 private:
  [[noreturn]] static void run(int socket) {
    const int listener = kernel::install_filter();
    kernel::send_descriptor(socket, listener);
    close(listener);
    forget_thread_id();
    const int fd = dev_open();
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(delete_list(fd, create_list(fd)), 0);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }

  pid_t pid_ = -1;
  bool is_reaped_ = false;
  int status_ = -1;
  std::unique_ptr<kernel::Listener> listener_;
};

TEST(Listeners, SeveralComeAndGo) {
  std::unique_ptr<Joined> joined;
  int joins_left = 5;
  const auto program = [] {
    for (int i = 0; i < 50; ++i) take_turns();
  };
  const auto meanwhile = [&] {
    if (joined && joined->has_ended()) {
      EXPECT_EQ(joined->status(), 0);
      joined = nullptr;
    }
    if (!joined && joins_left-- > 0) joined = std::make_unique<Joined>();
  };
  EXPECT_EQ(served(program, meanwhile), 0);
  EXPECT_LE(joins_left, 0);
  EXPECT_EQ(joined, nullptr);
}

}  // namespace
}  // namespace ums::test
