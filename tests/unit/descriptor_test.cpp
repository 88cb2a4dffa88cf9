// SPDX-License-Identifier: Apache-2.0
//
// Descriptors of a File: how they are duplicated onto numbers, replaced, and closed behind the
// kernel's back.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/descriptor_table.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

using kernel::descriptor_kind;
using kernel::DescriptorKind;
using kernel::file_dup;
using kernel::file_forget_stale;
using kernel::file_replace;

using Descriptor = DeviceTest;

// A number that no file has, and none is about to get.
constexpr int kFree = 300;

TEST_F(Descriptor, IsDuplicatedOntoANumber) {
  EXPECT_EQ(file_dup(fd_, {SYS_dup3, kFree, O_CLOEXEC}).value(), kFree);
  EXPECT_EQ(fcntl(kFree, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(create_list(kFree), 2);
  EXPECT_EQ(dev_close(kFree), 0);
}

TEST_F(Descriptor, IsDuplicatedAboveANumber) {
  EXPECT_EQ(file_dup(fd_, {SYS_fcntl, F_DUPFD, kFree}).value(), kFree);
  EXPECT_EQ(file_dup(fd_, {SYS_fcntl, F_DUPFD_CLOEXEC, kFree}).value(), kFree + 1);
  EXPECT_EQ(fcntl(kFree, F_GETFD), 0);
  EXPECT_EQ(fcntl(kFree + 1, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(dev_close(kFree), 0);
  EXPECT_EQ(dev_close(kFree + 1), 0);
}

TEST_F(Descriptor, ErrorsOfTheCallChangeNothing) {
  EXPECT_EQ(file_dup(fd_, {SYS_dup3, fd_, 0}).error_code(), EINVAL);
  EXPECT_EQ(file_dup(fd_, {SYS_dup3, -1, 0}).error_code(), EBADF);
  EXPECT_EQ(file_dup(fd_, {SYS_fcntl, F_DUPFD, -1}).error_code(), EINVAL);
  EXPECT_EQ(create_list(fd_), 2);
}

// The number's former File is released if that was its last.
TEST_F(Descriptor, ADuplicateTakesTheNumberFromAnotherFile) {
  const int other = dev_open_elsewhere();
  EXPECT_EQ(create_list(other), 1);
  EXPECT_EQ(file_dup(fd_, {SYS_dup3, other, 0}).value(), other);
  EXPECT_EQ(create_list(other), 2) << "this file's second list";
  EXPECT_EQ(dev_close(other), 0);
}

TEST_F(Descriptor, ADuplicateOntoADuplicateCountsOnce) {
  const int copy = dev_dup(fd_);
  EXPECT_EQ(file_dup(fd_, {SYS_dup3, copy, 0}).value(), copy);
  EXPECT_EQ(dev_close(copy), 0);
  EXPECT_EQ(create_list(fd_), 2);
}

TEST_F(Descriptor, IsReplacedByAnotherFile) {
  const int copy = dev_dup(fd_);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(file_replace(copy, ends[0], O_CLOEXEC).value(), copy);
  EXPECT_EQ(descriptor_kind(copy), DescriptorKind::kForeign);
  EXPECT_EQ(fcntl(copy, F_GETFD), FD_CLOEXEC);
  for (const int fd : {copy, ends[0], ends[1]}) EXPECT_EQ(close(fd), 0);
  EXPECT_EQ(create_list(fd_), 2) << "the file has another descriptor";
}

TEST_F(Descriptor, IsNotReplacedByNothing) {
  EXPECT_EQ(file_replace(fd_, kFree, 0).error_code(), EBADF);
  EXPECT_EQ(create_list(fd_), 2);
}

TEST_F(Descriptor, IsForgottenIfItIsAnotherFilesByNow) {
  EXPECT_FALSE(file_forget_stale(fd_));
  const int copy = dev_dup(fd_);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(kernel::raw_syscall(SYS_dup3, ends[0], copy, 0), copy);  // unseen
  EXPECT_EQ(descriptor_kind(copy), DescriptorKind::kOurs);
  EXPECT_TRUE(file_forget_stale(copy));
  EXPECT_EQ(descriptor_kind(copy), DescriptorKind::kForeign);
  for (const int fd : {copy, ends[0], ends[1]}) EXPECT_EQ(close(fd), 0);
}

TEST_F(Descriptor, OfADeadFileIsNotDuplicated) {
  const int status = in_child([&] {
    EXPECT_EQ(file_dup(fd_, {SYS_dup3, kFree, 0}).error_code(), EBADF);
    EXPECT_EQ(fcntl(kFree, F_GETFD), -1);
  });
  EXPECT_EQ(status, 0);
}

TEST_F(Descriptor, TheHighestIsBelowTheEnd) {
  const int copy = file_dup(fd_, {SYS_fcntl, F_DUPFD, kFree}).value();
  EXPECT_GT(kernel::descriptors_end(), copy);
  EXPECT_EQ(dev_close(copy), 0);
}

}  // namespace
}  // namespace ums::test
