// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "Order of checks": of several things that are wrong, which one is reported.
#include <cerrno>

#include "support/system_test.h"

namespace ums::test {
namespace {

using OrderOfChecks = DeviceTest;

constexpr unsigned long kBadPointer = 8;
constexpr int kNoSuchList = 77;
constexpr pid_t kNoSuchWorker = 1;

// "ENTER: pointer, flags, (role already held), list."
TEST_F(OrderOfChecks, EnterPointerBeforeRole) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_ENTER_UMS, kBadPointer), -EACCES);
}
TEST_F(OrderOfChecks, EnterFlagsBeforeList) { EXPECT_EQ(enter(fd_, 0, kNoSuchList), -EINVAL); }
TEST_F(OrderOfChecks, EnterFlagsBeforeRole) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  EXPECT_EQ(enter(fd_, 4, list_), -EINVAL);
}
TEST_F(OrderOfChecks, EnterRoleBeforeList) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  EXPECT_EQ(enter_scheduler(fd_, kNoSuchList), -ENOMEM);
}

// "DEQUEUE: pointer, list id (EINVAL), caller is a scheduler (ESRCH)."
TEST_F(OrderOfChecks, DequeuePointerBeforeCaller) {
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_DEQUEUE_UMS_CLIST, kBadPointer), -EACCES);
}
TEST_F(OrderOfChecks, DequeueListBeforeCaller) { EXPECT_EQ(dequeue(fd_, kNoSuchList), -EINVAL); }
TEST_F(OrderOfChecks, DequeueCaller) { EXPECT_EQ(dequeue(fd_, list_), -ESRCH); }

// "DQEVENT: caller (ESRCH), then pointer on delivery."
TEST_F(OrderOfChecks, EventCallerBeforePointer) {
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_UMS_SCHED_DQEVENT, kBadPointer), -ESRCH);
}
TEST_F(OrderOfChecks, EventPointerOnDelivery) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_UMS_SCHED_DQEVENT, kBadPointer), -EACCES);
}

// "EXEC: worker pid (ESRCH), caller (ESRCH)." Both give ESRCH: a worker that is there does not help
// a caller that is no scheduler, and the worker is not claimed.
TEST_F(OrderOfChecks, ExecuteWorkerThenCaller) {
  EXPECT_EQ(execute(fd_, kNoSuchWorker), -ESRCH);
  Worker worker(fd_, list_);
  EXPECT_EQ(execute(fd_, worker.tid()), -ESRCH);
  become_scheduler(fd_, list_);
  EXPECT_EQ(execute(fd_, kNoSuchWorker), -ESRCH);
  run_workers(fd_, list_, 1);
}

// "NEXT: pointer, worker (ESRCH); the caller's role is not checked."
TEST_F(OrderOfChecks, NextPointerBeforeWorker) {
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_NEXT_UMS_CTX_LIST, kBadPointer), -EACCES);
  EXPECT_EQ(next(fd_, kNoSuchWorker), -ESRCH);
}
TEST_F(OrderOfChecks, NextByAnyThread) {
  become_scheduler(fd_, list_);
  Worker first(fd_, list_);
  Worker second(fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), first.tid());
  Thread plain([&] { EXPECT_EQ(next(fd_, first.tid()), second.tid()); });
  plain.join();
  EXPECT_EQ(execute(fd_, first.tid()), 0);
  EXPECT_EQ(execute(fd_, second.tid()), 0);
}

// "Out-fields are untouched on error."
TEST_F(OrderOfChecks, OutFieldsAreUntouchedOnError) {
  dequeue_ums_complist_args dequeued{list_, 4711};
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_DEQUEUE_UMS_CLIST, &dequeued), -ESRCH);
  EXPECT_EQ(dequeued.ums_complist, list_);
  EXPECT_EQ(dequeued.ums_context, 4711);
  ums_next_context_list_args step{kNoSuchWorker, 4711};
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_NEXT_UMS_CTX_LIST, &step), -ESRCH);
  EXPECT_EQ(step.ums_context, kNoSuchWorker);
  EXPECT_EQ(step.ums_next_context, 4711);
  ums_sched_event event{};
  event.type = THREAD_TERMINATED;
  EXPECT_EQ(take_event(fd_, event), -ESRCH);
  EXPECT_EQ(event.type, THREAD_TERMINATED);
}

// "By-value arguments are truncated to 32 bits (DELETE, EXEC)"
TEST_F(OrderOfChecks, ValuesAreTruncatedTo32Bits) {
  constexpr unsigned long kHigh = 0xabcd'ef01'0000'0000UL;
  Worker worker(fd_, list_);
  become_scheduler(fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_EXEC_UMS_CTX, kHigh | static_cast<unsigned long>(worker.tid())),
            0);
  const int second = create_list(fd_);
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_DELETE_UMS_CLIST, kHigh | static_cast<unsigned long>(second)), 0);
  EXPECT_EQ(delete_list(fd_, second), -EINVAL);
}

// "EXIT ignores its argument."
TEST_F(OrderOfChecks, ExitIgnoresItsArgument) {
  Worker worker(Worker::NoExit{}, fd_, list_,
                [&] { EXPECT_EQ(dev_ioctl(fd_, IOCTL_EXIT_UMS, kBadPointer), 0); });
  become_scheduler(fd_, list_);
  run_workers(fd_, list_, 1);
}

}  // namespace
}  // namespace ums::test
