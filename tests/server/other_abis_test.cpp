// SPDX-License-Identifier: Apache-2.0
//
// System calls that 64-bit programs make as 32-bit ones and as those of x32: they pass through the
// filter, and Linux alone answers them (filter.h).
#include <gtest/gtest.h>

#include "support/server/served.h"

#if defined(__x86_64__)
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <tuple>

#include "sim_kernel/base/raw_syscall.h"
#include "support/door.h"
#endif

namespace ums::test {
namespace {

#if defined(__x86_64__)

using kernel::raw_syscall;
using kernel::syscall_arg;

// <asm/unistd_32.h>. Other calls have these numbers in 64-bit programs: 92 is chown there.
enum Call32 { kExit32 = 1, kOpen32 = 5, kGetpid32 = 20, kIoctl32 = 54, kTruncate32 = 92 };

// <asm/unistd_x32.h>
enum CallX32 { kOpenX32 = 0x40000000 + 2, kIoctlX32 = 0x40000000 + 514 };

long call32(long number, long a = 0, long b = 0, long c = 0) {
  asm volatile("int $0x80"
               : "+a"(number)
               : "b"(a), "c"(b), "d"(c)
               : "r8", "r9", "r10", "r11", "memory");
  return number;
}

// A Linux without 32-bit programs ends a program that tries.
bool linux_has_call32() {
  const pid_t child = fork();
  if (child == 0) _exit(call32(kGetpid32) == getpid() ? 0 : 1);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status == 0;
}

// Memory that 32-bit pointers reach. `text` is at its beginning.
char* low_memory(const char* text) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT;
  void* const memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  EXPECT_NE(memory, MAP_FAILED);
  return std::strcpy(static_cast<char*>(memory), text);
}

constexpr unsigned kCreate = IOCTL_CREATE_UMS_CLIST;

// A thread that runs as a worker.
TEST(OtherAbis, ExitOf32BitsEndsAThread) {
  if (UMS_SANITIZE_ADDRESS != 0 || UMS_SANITIZE_THREAD != 0) {
    GTEST_SKIP() << "sanitizers wait for threads that end without the C library";
  }
  if (!linux_has_call32()) GTEST_SKIP() << "this Linux has no 32-bit system calls";
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    pthread_t worker;
    std::tuple<int, int> place(fd, list);
    const auto enter_and_exit = [](void* argument) -> void* {
      const auto [device, its_list] = *static_cast<std::tuple<int, int>*>(argument);
      enter_worker(device, its_list);
      call32(kExit32, 0);
      return nullptr;
    };
    ASSERT_EQ(pthread_create(&worker, nullptr, enter_and_exit, &place), 0);
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
    pthread_join(worker, nullptr);
  };
  EXPECT_EQ(served(program), 0);
}

TEST(OtherAbis, CallsOf32BitsAreLinuxS) {
  if (!linux_has_call32()) GTEST_SKIP() << "this Linux has no 32-bit system calls";
  if (access("/dev/ums", F_OK) == 0) GTEST_SKIP() << "this Linux has the device";
  const auto program = [] {
    const int fd = dev_open();
    EXPECT_EQ(create_list(fd), 1);
    for (const char* const path : {"/dev/ums", "/proc/ums"}) {
      char* const memory = low_memory(path);
      EXPECT_EQ(call32(kOpen32, syscall_arg(memory), O_RDONLY), -ENOENT) << path;
      EXPECT_EQ(call32(kTruncate32, syscall_arg(memory), 0), -ENOENT) << path;
      EXPECT_EQ(access(path, F_OK), 0) << path;
    }
    char* const id = low_memory("");
    EXPECT_EQ(call32(kIoctl32, fd, kCreate, syscall_arg(id)), -ENOTTY) << "that of a FIFO";
    EXPECT_GE(call32(kOpen32, syscall_arg(low_memory("/dev/null")), O_RDONLY), 0);
    EXPECT_EQ(create_list(fd), 2);
  };
  EXPECT_EQ(served(program), 0);
}

// Most Linuxes have none of these.
TEST(OtherAbis, CallsOfX32AreLinuxS) {
  if (access("/dev/ums", F_OK) == 0) GTEST_SKIP() << "this Linux has the device";
  const auto program = [] {
    const int fd = dev_open();
    EXPECT_EQ(create_list(fd), 1);
    char* const memory = low_memory("/dev/ums");
    const bool has_x32 = raw_syscall(kOpenX32, syscall_arg(low_memory("/dev/null")), O_RDONLY) >= 0;
    EXPECT_EQ(raw_syscall(kOpenX32, syscall_arg(memory), O_RDONLY), has_x32 ? -ENOENT : -ENOSYS);
    EXPECT_EQ(raw_syscall(kIoctlX32, fd, kCreate, syscall_arg(memory)),
              has_x32 ? -ENOTTY : -ENOSYS);
    EXPECT_EQ(create_list(fd), 2);
  };
  EXPECT_EQ(served(program), 0);
}

#else

TEST(OtherAbis, AreThoseOfX86) { GTEST_SKIP() << "64-bit programs have one way to call here"; }

#endif

}  // namespace
}  // namespace ums::test
