// SPDX-License-Identifier: Apache-2.0
//
// Calls that wait and are left by a signal handler that does not return. Of the original they are
// system calls, which end before a handler runs. After each of these the kernel must be whole: the
// fixture looks for what is left.
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <functional>
#include <memory>

#include "support/system_test.h"

namespace ums::test {
namespace {

std::atomic<int> handler_fd{-1};
std::atomic<int> handler_result{1};
sigjmp_buf before_call;

// DEQUEUE, unlisted: the list of calls would keep one that is left by a jump.
int dequeue_unlisted(int fd, int list) {
  dequeue_ums_complist_args args{list, 0};
  const auto argument = reinterpret_cast<unsigned long>(&args);
  const int result = dev_ioctl_unlisted(fd, IOCTL_DEQUEUE_UMS_CLIST, argument);
  return result == 0 ? args.ums_context : result;
}

// Waits in DEQUEUE of `list` until a handler jumps out of it.
void wait_and_jump(int fd, int list) {
  about_to_be_cancelled();
  if (sigsetjmp(before_call, 1) != 0) return;
  dequeue_unlisted(fd, list);
  ADD_FAILURE() << "not left";
}

// Calls `function` from a frame that covers the stack below the caller's.
template <typename Function>
[[gnu::noinline]] void call_from_deep_below(Function function) {
  std::array<volatile char, 32768> covered;
  for (volatile char& byte : covered) byte = 'x';
  function();
  EXPECT_EQ(covered[0], 'x');
}

class LeftCalls : public DeviceTest {
 protected:
  void SetUp() override {
    if (UMS_SANITIZE_THREAD) GTEST_SKIP() << "handlers run late, and cannot be left";
    DeviceTest::SetUp();
    handler_fd = fd_;
    handler_result = 1;
    handle(SIGUSR1, 0, [](int) { siglongjmp(before_call, 1); });
    handle(SIGUSR2, 0, [](int) { pthread_exit(nullptr); });
  }
  void TearDown() override {
    if (UMS_SANITIZE_THREAD) return;
    for (const int signal : {SIGUSR1, SIGUSR2}) ::signal(signal, SIG_DFL);
    DeviceTest::TearDown();
  }

  static void handle(int signal, int flags, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    ASSERT_EQ(sigaction(signal, &action, nullptr), 0);
  }

  // Sends `signal` to a thread that sleeps in a call.
  static void interrupt(const Thread& thread, int signal) {
    wait_until_blocked(thread.tid());
    wait_until_asleep(thread.tid());
    ASSERT_EQ(pthread_kill(thread.handle(), signal), 0);
  }
};

// ---- by pthread_exit

TEST_F(LeftCalls, DequeueByPthreadExit) {
  Thread scheduler([this] {
    become_scheduler(fd_, list_);
    about_to_be_cancelled();
    dequeue(fd_, list_);
    ADD_FAILURE() << "not left";
  });
  interrupt(scheduler, SIGUSR2);
  scheduler.join();
  Worker worker(fd_, list_);
  become_scheduler(fd_, list_);
  run_workers(fd_, list_, 1);
}

TEST_F(LeftCalls, DequeueOfAnothersListByPthreadExit) {
  const int list = create_list(fd_);
  Thread scheduler([this, list] {
    become_scheduler(fd_, list_);
    about_to_be_cancelled();
    dequeue(fd_, list);
    ADD_FAILURE() << "not left";
  });
  interrupt(scheduler, SIGUSR2);
  scheduler.join();
  EXPECT_EQ(delete_list(fd_, list), 0);
}

TEST_F(LeftCalls, EventWaitByPthreadExit) {
  Thread scheduler([this] {
    become_scheduler(fd_, list_);
    about_to_be_cancelled();
    take_event_type(fd_);
    ADD_FAILURE() << "not left";
  });
  interrupt(scheduler, SIGUSR2);
  scheduler.join();
}

// The next in the queue gets what the one that left was woken for, or comes after it.
TEST_F(LeftCalls, OthersGoOnWaiting) {
  std::array<std::unique_ptr<Thread>, 2> schedulers;
  std::atomic<int> dequeued{0};
  for (auto& scheduler : schedulers) {
    scheduler = std::make_unique<Thread>([&] {
      become_scheduler(fd_, list_);
      about_to_be_cancelled();
      run_workers(fd_, list_, 1);
      ++dequeued;
    });
    wait_until_blocked(scheduler->tid());
  }
  interrupt(*schedulers[0], SIGUSR2);
  schedulers[0]->join();
  Worker worker(fd_, list_);
  schedulers[1]->join();
  EXPECT_EQ(dequeued, 1);
}

// ---- by siglongjmp

// A scheduler that jumps out of its DEQUEUE, and goes on when it is told.
class JumpedCalls : public LeftCalls {
 protected:
  void jump_and(const std::function<void()>& go_on) {
    Thread scheduler([&] {
      become_scheduler(fd_, list_);
      wait_and_jump(fd_, list_);
      jumped_ = true;
      wait_until([this] { return told_.load(); });
      go_on();
    });
    interrupt(scheduler, SIGUSR1);
    wait_until([this] { return jumped_.load(); });
    if (meanwhile_) meanwhile_();
    told_ = true;
    scheduler.join();
  }

  std::function<void()> meanwhile_;

 private:
  std::atomic<bool> jumped_{false};
  std::atomic<bool> told_{false};
};

TEST_F(JumpedCalls, AreFollowedByOthers) {
  std::unique_ptr<Worker> worker;
  meanwhile_ = [&] { worker = std::make_unique<Worker>(fd_, list_); };
  jump_and([this] { run_workers(fd_, list_, 1); });
}

TEST_F(JumpedCalls, AreFollowedByOneFromDeepBelow) {
  jump_and([this] { call_from_deep_below([this] { EXPECT_EQ(yield(fd_), -ESRCH); }); });
}

// The jump leaves a large frame too, whose other bytes nobody overwrites.
TEST_F(JumpedCalls, WereMadeFromBelowALargeFrame) {
  Thread scheduler([this] {
    become_scheduler(fd_, list_);
    about_to_be_cancelled();
    if (sigsetjmp(before_call, 1) == 0) {
      call_from_deep_below([this] { dequeue_unlisted(fd_, list_); });
      ADD_FAILURE() << "not left";
    }
    EXPECT_EQ(yield(fd_), -ESRCH);
  });
  interrupt(scheduler, SIGUSR1);
}

TEST_F(JumpedCalls, AreFollowedByDupAndOpen) {
  jump_and([this] {
    EXPECT_GE(dev_close(dev_dup(fd_)), 0);
    EXPECT_GE(dev_close(dev_open()), 0);
  });
}

TEST_F(JumpedCalls, AreFollowedByTheEndOfTheThread) {
  jump_and([] {});
}

TEST_F(JumpedCalls, HoldTheFileUntilTheThreadCallsAgain) {
  const int other = dev_open_elsewhere();
  meanwhile_ = [this] { close_device(); };
  jump_and([other] { EXPECT_EQ(yield(other), -ESRCH); });
  EXPECT_EQ(dev_close(other), 0);
}

// A wake-up that goes to one who has left reaches the next in the queue.
TEST_F(JumpedCalls, PassWakeUpsOn) {
  std::unique_ptr<Thread> second;
  std::unique_ptr<Worker> worker;
  meanwhile_ = [&] {
    second = std::make_unique<Thread>([this] {
      become_scheduler(fd_, list_);
      run_workers(fd_, list_, 1);
    });
    wait_until_blocked(second->tid());
    worker = std::make_unique<Worker>(fd_, list_);
  };
  jump_and([this] { EXPECT_EQ(yield(fd_), -ESRCH); });
  second->join();
}

// A stack that was made for the call, which is freed once it is left.
TEST_F(JumpedCalls, AreFollowedByOneWhenTheirStackIsGone) {
  if (UMS_SANITIZE_ADDRESS) GTEST_SKIP() << "AddressSanitizer is not told of the other stack";
  constexpr std::size_t kBytes = 65536;
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    void* const stack =
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static ucontext_t outside;
    static ucontext_t inside;
    static int fd;
    static int list;
    fd = fd_;
    list = list_;
    getcontext(&inside);
    inside.uc_stack = {stack, 0, kBytes};
    inside.uc_link = &outside;
    makecontext(
        &inside, [] { wait_and_jump(fd, list); }, 0);
    swapcontext(&outside, &inside);
    munmap(stack, kBytes);
    EXPECT_EQ(yield(fd_), -ESRCH);
  });
  interrupt(scheduler, SIGUSR1);
  scheduler.join();
}

// A handler that runs on top of the call, on whichever stack, has not left it.
TEST_F(JumpedCalls, AreNotThoseBeneathAHandlerOnTheSignalStack) {
  SKIP_IN_SERVER("a call of a handler is served");
  handle(SIGUSR1, SA_ONSTACK | SA_RESTART, [](int) { handler_result = create_list(handler_fd); });
  Thread scheduler([this] {
    std::array<char, 65536> memory{};
    const stack_t stack{memory.data(), 0, memory.size()};
    const stack_t none{nullptr, SS_DISABLE, 0};
    EXPECT_EQ(sigaltstack(&stack, nullptr), 0);
    become_scheduler(fd_, list_);
    run_workers(fd_, list_, 1);
    EXPECT_EQ(sigaltstack(&none, nullptr), 0);
  });
  interrupt(scheduler, SIGUSR1);
  wait_until([] { return handler_result != 1; });
  EXPECT_EQ(handler_result, -EBUSY);
  Worker worker(fd_, list_);
  scheduler.join();
}

}  // namespace
}  // namespace ums::test
