// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "EXEC, YIELD, EXIT, events": order and bytes of the events.
#include <fmt/core.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "support/system_test.h"

namespace ums::test {
namespace {

using Events = DeviceTest;

// The next event as hexadecimal bytes, over a buffer that was not zero.
std::string next_event_bytes(int fd) {
  unsigned char bytes[sizeof(ums_sched_event)];
  std::memset(bytes, 0xa5, sizeof bytes);
  const int result = dev_ioctl(fd, IOCTL_UMS_SCHED_DQEVENT, bytes);
  if (result != 0) return fmt::format("{}", result);
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

// The bytes of a worker's id, as the specification writes that of worker 0x93.
std::string id_bytes(pid_t tid) {
  std::string text;
  for (unsigned i = 0; i < 4; ++i) {
    text += fmt::format("{:02x}", static_cast<unsigned>(tid) >> (8 * i) & 0xff);
  }
  return text;
}

// "STARTUP is 24 zero bytes"
TEST_F(Events, StartupBytes) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  EXPECT_EQ(next_event_bytes(fd_), std::string(48, '0'));
}

// "YIELD of 0xdeadbeefcafebabe is 01000000 00000000 93000000 00000000 bebafecaefbeadde"
TEST_F(Events, YieldBytes) {
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_,
                [&] { EXPECT_EQ(dev_ioctl(fd_, IOCTL_UMS_YIELD, 0xdead'beef'cafe'babeUL), 0); });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  ASSERT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(next_event_bytes(fd_),
            "0100000000000000" + id_bytes(worker.tid()) + "00000000bebafecaefbeadde");
  run_workers(fd_, list_, 1);
}

// "TERMINATED 02000000 00000000 93000000 00000000 0000000000000000"
TEST_F(Events, TerminatedBytes) {
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  ASSERT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(next_event_bytes(fd_),
            "0200000000000000" + id_bytes(worker.tid()) + "000000000000000000000000");
}

// "p bit for bit"
TEST_F(Events, YieldParameterIsNeverFollowed) {
  become_scheduler(fd_, list_);
  constexpr unsigned long kValues[] = {0, 1, 0xfff, 0x8000'0000'0000'0000UL, ~0UL};
  Worker worker(fd_, list_, [&] {
    for (const unsigned long value : kValues) EXPECT_EQ(dev_ioctl(fd_, IOCTL_UMS_YIELD, value), 0);
  });
  for (const unsigned long value : kValues) {
    ASSERT_EQ(dequeue(fd_, list_), worker.tid());
    ASSERT_EQ(execute(fd_, worker.tid()), 0);
    ums_sched_event event;
    ASSERT_EQ(take_event(fd_, event), 0);
    EXPECT_EQ(event.type, THREAD_YIELD);
    EXPECT_EQ(event.yield_params.context, worker.tid());
    EXPECT_EQ(reinterpret_cast<unsigned long>(event.yield_params.scheduler_params), value);
  }
  run_workers(fd_, list_, 1);
}

// "Events per scheduler are first in first out: STARTUP, then what happened, in order." A queue
// of any length: nothing is lost if the scheduler does not ask for a while.
TEST_F(Events, ManyUnreadEventsComeInOrder) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  constexpr unsigned long kYields = 1000;
  Worker worker(fd_, list_, [&] {
    for (unsigned long i = 0; i < kYields; ++i) EXPECT_EQ(dev_ioctl(fd_, IOCTL_UMS_YIELD, i), 0);
  });
  for (unsigned long i = 0; i <= kYields; ++i) {
    ASSERT_EQ(dequeue(fd_, list_), worker.tid());
    ASSERT_EQ(execute(fd_, worker.tid()), 0);
  }
  EXPECT_EQ(take_event_type(fd_), SCHEDULER_STARTUP);
  for (unsigned long i = 0; i < kYields; ++i) {
    ums_sched_event event;
    ASSERT_EQ(take_event(fd_, event), 0);
    ASSERT_EQ(event.type, THREAD_YIELD);
    ASSERT_EQ(reinterpret_cast<unsigned long>(event.yield_params.scheduler_params), i);
  }
  EXPECT_EQ(take_event_type(fd_), THREAD_TERMINATED);
}

TEST_F(Events, OfSeveralWorkersInTheOrderInWhichTheyRan) {
  become_scheduler(fd_, list_);
  Worker first(fd_, list_, [&] { EXPECT_EQ(yield(fd_), 0); });
  Worker second(fd_, list_);
  for (const pid_t worker : take_batch(fd_, list_)) ASSERT_EQ(execute(fd_, worker), 0);
  ums_sched_event event;
  ASSERT_EQ(take_event(fd_, event), 0);
  EXPECT_EQ(event.type, THREAD_YIELD);
  EXPECT_EQ(event.yield_params.context, first.tid());
  ASSERT_EQ(take_event(fd_, event), 0);
  EXPECT_EQ(event.type, THREAD_TERMINATED);
  EXPECT_EQ(event.end_params.context, second.tid());
  run_workers(fd_, list_, 1);
}

// "DQEVENT blocks while the queue is empty": nothing can end the wait of a scheduler that has no
// worker under it but a signal, or its death. The handler has no SA_RESTART: EINTR.
TEST_F(Events, BlocksWhileTheQueueIsEmpty) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  int result = 0;
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    result = take_event_type(fd_);
  });
  wait_until_blocked(scheduler.tid());
  ASSERT_EQ(pthread_kill(scheduler.handle(), SIGUSR1), 0);
  scheduler.join();
  EXPECT_EQ(result, -EINTR);
}

// A scheduler's events are its own.
TEST_F(Events, GoToTheSchedulerThatExecuted) {
  become_scheduler(fd_, list_);
  Worker worker(fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  Thread other([&] {
    EXPECT_EQ(enter_scheduler(fd_, list_), 0);
    EXPECT_EQ(execute(fd_, worker.tid()), 0);
    EXPECT_EQ(take_event_type(fd_), SCHEDULER_STARTUP);
    EXPECT_EQ(take_event_type(fd_), THREAD_TERMINATED);
  });
  other.join();
  Worker last(fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), last.tid());
  ASSERT_EQ(execute(fd_, last.tid()), 0);
  ums_sched_event event;
  ASSERT_EQ(take_event(fd_, event), 0);
  EXPECT_EQ(event.end_params.context, last.tid()) << "the first event of this scheduler";
}

}  // namespace
}  // namespace ums::test
