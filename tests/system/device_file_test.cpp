// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "Device file".
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include <sys/ioctl.h>

#include "support/emulator.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

using DeviceFile = SystemTest;
using OpenDeviceFile = DeviceTest;

// "O_RDONLY with any of O_NONBLOCK O_TRUNC O_APPEND O_CREAT: opens, for any user."
TEST_F(DeviceFile, OpensReadOnlyWithAnyOfTheFlags) {
  constexpr std::array kFlags = {O_NONBLOCK, O_TRUNC, O_APPEND, O_CREAT, O_CLOEXEC};
  for (unsigned chosen = 0; chosen < 1U << kFlags.size(); ++chosen) {
    int flags = O_RDONLY;
    for (std::size_t i = 0; i < kFlags.size(); ++i) {
      if ((chosen >> i & 1U) != 0) flags |= kFlags[i];
    }
    const int fd = dev_open(flags);
    ASSERT_GE(fd, 0) << std::hex << flags;
    EXPECT_EQ(create_list(fd), 1);
    EXPECT_EQ(dev_close(fd), 0);
  }
}

// "Access modes 1, 2, 3: EACCES."
TEST_F(DeviceFile, OtherAccessModesAreRefused) {
  for (const int mode : {1, 2, 3}) {
    EXPECT_EQ(dev_open(mode), -EACCES) << mode;
    EXPECT_EQ(dev_open(mode | O_NONBLOCK), -EACCES) << mode;
  }
}

// "O_DIRECTORY: ENOTDIR."
TEST_F(DeviceFile, IsNoDirectory) { EXPECT_EQ(dev_open(O_RDONLY | O_DIRECTORY), -ENOTDIR); }

// "O_PATH opens, ioctl on it EBADF."
TEST_F(DeviceFile, PathDescriptorTakesNoIoctl) {
  SKIP_UNDER_EMULATOR("it answers ENOSYS to ioctls it does not know");
  const int fd = dev_open(O_PATH);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(create_list(fd), -EBADF);
  EXPECT_EQ(dev_close(fd), 0);
}

TEST_F(OpenDeviceFile, PathDescriptorIsNoSecondOpen) {
  const int fd = dev_open(O_PATH);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(dev_close(fd), 0);
  EXPECT_EQ(create_list(fd_), 2);
}

// "F_GETFL shows 0x8000": O_LARGEFILE, which <fcntl.h> calls 0, and Linux not on every machine the
// same.
TEST_F(OpenDeviceFile, FlagsAreThoseOfAnOpenedFile) {
  SKIP_UNDER_EMULATOR("it shows no O_LARGEFILE");
#if defined(__aarch64__)
  EXPECT_EQ(fcntl(fd_, F_GETFL), 0x20000);
#else
  EXPECT_EQ(fcntl(fd_, F_GETFL), 0x8000);
#endif
}

// "The descriptor answers ioctl, dup, close, fcntl"
TEST_F(OpenDeviceFile, AnswersFcntl) {
  EXPECT_EQ(fcntl(fd_, F_GETFD), 0);
  EXPECT_EQ(fcntl(fd_, F_SETFD, FD_CLOEXEC), 0);
  EXPECT_EQ(fcntl(fd_, F_GETFD), FD_CLOEXEC);
}

TEST_F(DeviceFile, CloseOnExecIsThatOfTheOpen) {
  const int fd = dev_open(O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(dev_close(fd), 0);
}

constexpr int kEnotsupp = 524;

// "Unknown ioctl numbers, right numbers with another size or direction, TCGETS, FIONREAD: errno
// 524."
TEST_F(OpenDeviceFile, UnknownRequestsGive524) {
  for (unsigned long number = 0; number <= 0xff; ++number) {
    if (number >= 1 && number <= 9) continue;
    EXPECT_EQ(dev_ioctl(fd_, _IOC(_IOC_NONE, UMS_IOC_MAGIC, number, 0)), -kEnotsupp) << number;
    EXPECT_EQ(dev_ioctl(fd_, _IOC(_IOC_WRITE, UMS_IOC_MAGIC, number, 8)), -kEnotsupp) << number;
  }
  EXPECT_EQ(dev_ioctl(fd_, TCGETS), -kEnotsupp);
  EXPECT_EQ(dev_ioctl(fd_, FIONREAD), -kEnotsupp);
  EXPECT_EQ(dev_ioctl(fd_, 0), -kEnotsupp);
}

TEST_F(OpenDeviceFile, RightNumbersOfAnotherShapeGive524) {
  constexpr std::array<unsigned long, 9> kRequests = {
      IOCTL_CREATE_UMS_CLIST,  IOCTL_ENTER_UMS,         IOCTL_UMS_SCHED_DQEVENT,
      IOCTL_DEQUEUE_UMS_CLIST, IOCTL_NEXT_UMS_CTX_LIST, IOCTL_EXEC_UMS_CTX,
      IOCTL_UMS_YIELD,         IOCTL_EXIT_UMS,          IOCTL_DELETE_UMS_CLIST};
  for (const unsigned long request : kRequests) {
    for (const unsigned long direction : {0UL, 1UL, 2UL, 3UL}) {
      for (const unsigned long size : {0UL, 1UL, 4UL, 8UL, 16UL, 24UL}) {
        const unsigned long shaped = _IOC(direction, UMS_IOC_MAGIC, _IOC_NR(request), size);
        if (shaped == request) continue;
        EXPECT_EQ(dev_ioctl(fd_, shaped), -kEnotsupp) << std::hex << shaped;
      }
    }
    const unsigned long foreign = (request & ~0xff00UL) | 0xf100UL;
    EXPECT_EQ(dev_ioctl(fd_, foreign), -kEnotsupp) << std::hex << foreign;
  }
}

// "FIOCLEX, FIONBIO: 0."
TEST_F(OpenDeviceFile, GenericRequestsWork) {
  int on = 1;
  EXPECT_EQ(dev_ioctl(fd_, FIOCLEX), 0);
  EXPECT_EQ(fcntl(fd_, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(dev_ioctl(fd_, FIONCLEX), 0);
  EXPECT_EQ(fcntl(fd_, F_GETFD), 0);
  EXPECT_EQ(dev_ioctl(fd_, FIONBIO, &on), 0);
  EXPECT_EQ(fcntl(fd_, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}

// "Bits of the number above 32 are ignored."
TEST_F(OpenDeviceFile, HighBitsOfTheNumberAreIgnored) {
  ums_comp_list_id_t id = -1;
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_CREATE_UMS_CLIST | 0xdead'0000'0000'0000UL, &id), 0);
  EXPECT_EQ(id, 2);
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_DELETE_UMS_CLIST | 1UL << 32, 2UL), 0);
}

// The result of a libc call, with -errno in the place of -1.
long or_errno(long result) { return result == -1 ? -errno : result; }

// ---- "`read`, `pread`, `fsync`, `ftruncate`: `EINVAL`; `write`: `EBADF`; `lseek`: `ESPIPE`;
// `mmap`: `ENODEV`; `poll`: revents 0x5 [...] `stat`: character device, mode `crwsrwsrwt`, major
// 10." A kernel process has a FIFO in its place, an embedded kernel /dev/null: README.md, "What
// differs".

TEST_F(OpenDeviceFile, Reading) {
  char byte = 'x';
  EXPECT_EQ(or_errno(read(fd_, &byte, 1)), kernel_is_embedded() ? 0 : -EAGAIN);
  EXPECT_EQ(or_errno(pread(fd_, &byte, 1, 0)), kernel_is_embedded() ? 0 : -ESPIPE);
  EXPECT_EQ(byte, 'x');
}

TEST_F(OpenDeviceFile, Writing) {
  EXPECT_EQ(or_errno(write(fd_, "x", 1)), -EBADF);
  EXPECT_EQ(or_errno(fsync(fd_)), -EINVAL);
  EXPECT_EQ(or_errno(ftruncate(fd_, 0)), -EINVAL);
}

TEST_F(OpenDeviceFile, Seeking) {
  for (const int whence : {SEEK_SET, SEEK_CUR, SEEK_END}) {
    EXPECT_EQ(or_errno(lseek(fd_, 0, whence)), kernel_is_embedded() ? 0 : -ESPIPE) << whence;
  }
}

TEST_F(OpenDeviceFile, Mapping) {
  for (const int flags : {MAP_SHARED, MAP_PRIVATE}) {
    errno = 0;
    EXPECT_EQ(mmap(nullptr, 4096, PROT_READ, flags, fd_, 0), MAP_FAILED) << flags;
    EXPECT_EQ(errno, ENODEV) << flags;
  }
}

TEST_F(OpenDeviceFile, Polling) {
  pollfd asked = {fd_, POLLIN | POLLOUT, 0};
  EXPECT_EQ(poll(&asked, 1, 0), kernel_is_embedded() ? 1 : 0);
  EXPECT_EQ(asked.revents, kernel_is_embedded() ? POLLIN | POLLOUT : 0);
}

TEST_F(OpenDeviceFile, Status) {
  struct stat status {};
  ASSERT_EQ(fstat(fd_, &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
  if (kernel_is_embedded()) {
    EXPECT_EQ(status.st_rdev, makedev(1, 3)) << "/dev/null";
  } else {
    EXPECT_EQ(status.st_mode & 07777U, 07777U);
    EXPECT_EQ(major(status.st_rdev), 10U);
  }
}

// "A second open by the same thread while its first is alive: ENOMEM, the first goes on working."
TEST_F(OpenDeviceFile, SecondOpenByTheThreadIsRefused) {
  EXPECT_EQ(dev_open(), -ENOMEM);
  EXPECT_EQ(create_list(fd_), 2);
  close_device();
  fd_ = dev_open();
  EXPECT_GE(fd_, 0) << "the first is closed";
}

TEST_F(OpenDeviceFile, FirstOpenLivesAsLongAsADuplicate) {
  const int copy = dev_dup(fd_);
  close_device();
  EXPECT_EQ(dev_open(), -ENOMEM);
  EXPECT_EQ(dev_close(copy), 0);
}

// "An open by another thread of the process succeeds with a pool of its own"
TEST_F(OpenDeviceFile, AnotherThreadOpensAPoolOfItsOwn) {
  const int other = dev_open_elsewhere();
  ASSERT_GE(other, 0);
  EXPECT_EQ(create_list(fd_), 2);
  EXPECT_EQ(create_list(other), 1);
  EXPECT_EQ(enter_scheduler(other, 2), -EINVAL) << "a list of the first pool";
  EXPECT_EQ(delete_list(other, 2), -EINVAL);
  EXPECT_EQ(enter_scheduler(fd_, list_), 0);
  EXPECT_EQ(dequeue(other, 1), -ESRCH) << "a role in the first pool";
  EXPECT_EQ(dev_close(other), 0);
}

// "Pools are per open file, not per descriptor: duped [...] descriptors share one"
TEST_F(OpenDeviceFile, DuplicatesShareThePool) {
  const int copy = dev_dup(fd_);
  ASSERT_GE(copy, 0);
  EXPECT_NE(copy, fd_);
  EXPECT_EQ(create_list(copy), 2);
  EXPECT_EQ(create_list(fd_), 3);
  EXPECT_EQ(enter_scheduler(copy, list_), 0);
  EXPECT_EQ(enter_scheduler(fd_, list_), -ENOMEM);
  EXPECT_EQ(take_event_type(fd_), SCHEDULER_STARTUP);
  EXPECT_EQ(dev_close(copy), 0);
}

// "the last close releases it"
TEST_F(OpenDeviceFile, LastCloseReleasesThePool) {
  const int copy = dev_dup(fd_);
  close_device();
  EXPECT_EQ(create_list(copy), 2) << "the pool is still there";
  EXPECT_EQ(dev_close(copy), 0);
  fd_ = dev_open();
  EXPECT_EQ(create_list(fd_), 1) << "a new pool";
}

TEST_F(OpenDeviceFile, ClosedDescriptorAnswersEbadf) {
  SKIP_UNDER_EMULATOR("it answers ENOSYS to ioctls it does not know");
  const int fd = fd_;
  close_device();
  EXPECT_EQ(create_list(fd), -EBADF);
  EXPECT_EQ(dev_dup(fd), -EBADF);
  EXPECT_EQ(dev_close(fd), -EBADF);
  EXPECT_EQ(create_list(-1), -EBADF);
  EXPECT_EQ(dev_close(-1), -EBADF);
}

TEST_F(OpenDeviceFile, OtherDescriptorsAreNotTouched) {
  SKIP_UNDER_EMULATOR("it answers ENOSYS to ioctls it does not know");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(create_list(ends[0]), -ENOTTY);
  int bytes = -1;
  EXPECT_EQ(dev_ioctl(ends[0], FIONREAD, &bytes), 0);
  EXPECT_EQ(bytes, 0);
  EXPECT_EQ(dev_close(ends[0]), 0);
  EXPECT_EQ(dev_close(ends[1]), 0);
}

}  // namespace
}  // namespace ums::test
