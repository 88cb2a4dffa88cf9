// SPDX-License-Identifier: Apache-2.0
//
// Calls of a program that knows nothing of us, through the kernel process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "support/server/served.h"

namespace ums::test {
namespace {

int open_device() { return open("/dev/ums", O_RDONLY | O_CLOEXEC); }

int create_list(int fd) {
  ums_comp_list_id_t list = -1;
  EXPECT_EQ(ioctl(fd, IOCTL_CREATE_UMS_CLIST, &list), 0);
  return list;
}

int enter(int fd, int flags, int list) {
  enter_ums_mode_args args{flags, list};
  return ioctl(fd, IOCTL_ENTER_UMS, &args);
}

pid_t dequeue(int fd, int list) {
  dequeue_ums_complist_args args{list, -1};
  EXPECT_EQ(ioctl(fd, IOCTL_DEQUEUE_UMS_CLIST, &args), 0);
  return args.ums_context;
}

int event_type(int fd) {
  ums_sched_event event;
  EXPECT_EQ(ioctl(fd, IOCTL_UMS_SCHED_DQEVENT, &event), 0);
  return static_cast<int>(event.type);
}

TEST(Calls, OfOneThread) {
  EXPECT_EQ(served([] {
              const int fd = open_device();
              ASSERT_GE(fd, 0) << strerror(errno);
              EXPECT_EQ(create_list(fd), 1);
              EXPECT_EQ(create_list(fd), 2);
              EXPECT_EQ(ioctl(fd, IOCTL_CREATE_UMS_CLIST, nullptr), -1);
              EXPECT_EQ(errno, EACCES);
              EXPECT_EQ(ioctl(fd, IOCTL_EXIT_UMS), -1);
              EXPECT_EQ(errno, ESRCH);
              EXPECT_EQ(ioctl(fd, 0x1234), -1);
              EXPECT_EQ(errno, 524);
              EXPECT_EQ(ioctl(fd, IOCTL_DELETE_UMS_CLIST, 1), 0);
              EXPECT_EQ(create_list(fd), 1);
              EXPECT_EQ(close(fd), 0);
              EXPECT_EQ(ioctl(fd, IOCTL_EXIT_UMS), -1);
              EXPECT_EQ(errno, EBADF);
            }),
            0);
}

TEST(Calls, OfASchedulerAndAWorker) {
  EXPECT_EQ(served([] {
              const int fd = open_device();
              const int list = create_list(fd);
              int turns = 0;
              std::thread worker([&] {
                EXPECT_EQ(enter(fd, ENTER_UMS_WORK, list), 0);
                for (int i = 0; i < 100; ++i) {
                  ++turns;
                  EXPECT_EQ(ioctl(fd, IOCTL_UMS_YIELD, 17), 0);
                }
                EXPECT_EQ(ioctl(fd, IOCTL_EXIT_UMS), 0);
              });
              EXPECT_EQ(enter(fd, ENTER_UMS_SCHED, list), 0);
              EXPECT_EQ(event_type(fd), SCHEDULER_STARTUP);
              for (int i = 0; i < 100; ++i) {
                EXPECT_EQ(turns, i);
                EXPECT_EQ(ioctl(fd, IOCTL_EXEC_UMS_CTX, dequeue(fd, list)), 0);
                EXPECT_EQ(event_type(fd), THREAD_YIELD);
              }
              EXPECT_EQ(ioctl(fd, IOCTL_EXEC_UMS_CTX, dequeue(fd, list)), 0);
              EXPECT_EQ(event_type(fd), THREAD_TERMINATED);
              worker.join();
            }),
            0);
}

}  // namespace
}  // namespace ums::test
