// SPDX-License-Identifier: Apache-2.0
//
// A worker that ends and finds a signal of the process on its own kernel thread, which alone does
// not block it. The handler runs outside of the kernel, where Linux runs it: it may do anything.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "support/system_test.h"

namespace ums::test {
namespace {

std::atomic<int> handled{0};
std::atomic<int> handler_fd{-1};
std::atomic<int> handler_result{0};

class SignalsAtExit : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    handled = 0;
    handler_fd = fd_;
    sigemptyset(&set_);
    sigaddset(&set_, SIGUSR1);
  }
  void TearDown() override {
    pthread_sigmask(SIG_SETMASK, &old_, nullptr);
    ::signal(SIGUSR1, SIG_DFL);
    DeviceTest::TearDown();
  }

  void end_a_worker() {
    Worker worker(fd_, list_, [] { about_to_be_cancelled(); });
    pthread_sigmask(SIG_BLOCK, &set_, &old_);
    become_scheduler(fd_, list_);
    ASSERT_EQ(kill(getpid(), SIGUSR1), 0);
    run_workers(fd_, list_, 1);
    worker.join();
    EXPECT_EQ(handled, 1);
  }

 private:
  sigset_t set_{};
  sigset_t old_{};
};

TEST_F(SignalsAtExit, HandlerMayMakeCalls) {
  ::signal(SIGUSR1, [](int) {
    handler_result = create_list(handler_fd);
    ++handled;
  });
  end_a_worker();
  EXPECT_GT(handler_result, 0);
  EXPECT_EQ(delete_list(fd_, handler_result), 0);
}

TEST_F(SignalsAtExit, HandlerMayEndTheThread) {
  if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "handlers run late";
  ::signal(SIGUSR1, [](int) {
    ++handled;
    pthread_exit(nullptr);
  });
  end_a_worker();
}

}  // namespace
}  // namespace ums::test
