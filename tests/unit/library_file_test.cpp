// SPDX-License-Identifier: Apache-2.0
//
// The library's own open file beside files that the program opens itself. Each test runs in a fresh
// process, whose main thread loaded the library.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <ums.h>
#include <ums/ums_dev.h>
#include <ums/ums_ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/parallel/descriptor_table.h"
#include "sim_kernel/parallel/kernel_section.h"

namespace kernel = ums::kernel;

namespace {

class LibraryFile : public testing::Test {
 protected:
  LibraryFile() { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

// The errno of creating a list through the library; 0 if it works.
int create_errno() {
  ums_completion_list_t list = 0;
  return create_ums_completion_list(&list) == 0 ? 0 : errno;
}

// The errno of opening the device in a thread; 0 if it works.
int open_errno() { return ums_dev_open("/dev/ums", O_RDONLY) >= 0 ? 0 : errno; }

// What `body` returns in a forked child; -1 if the child ends in another way.
int in_child(int (*body)()) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define EXPECT_EXIT_CODE(statement, code) \
  EXPECT_EXIT(std::exit(statement), testing::ExitedWithCode(code), "")

TEST_F(LibraryFile, UnusedItMakesRoomForTheProgram) { EXPECT_EXIT_CODE(open_errno(), 0); }

TEST_F(LibraryFile, UsedItIsTheThreadsOneFile) {
  EXPECT_EXIT_CODE(create_errno() == 0 ? open_errno() : 1, ENOMEM);
}

TEST_F(LibraryFile, OtherThreadsOpenBesideIt) {
  EXPECT_EXIT_CODE(
      [] {
        int opened = -1;
        if (create_errno() != 0) return 1;
        std::thread([&] { opened = open_errno(); }).join();
        return opened;
      }(),
      0);
}

TEST_F(LibraryFile, ItIsOpenedAnewWhenItIsNeeded) {
  EXPECT_EXIT_CODE(
      [] {
        const int fd = ums_dev_open("/dev/ums", O_RDONLY);
        if (create_errno() != ENOMEM) return 1;
        if (ums_dev_close(fd) != 0) return 2;
        return create_errno();
      }(),
      0);
}

TEST_F(LibraryFile, ThreadsOfTheProgramLeaveItAlone) {
  EXPECT_EXIT_CODE(
      [] {
        std::thread([] { open_errno(); }).join();
        // The library's file is still the main thread's: another thread's call finds it.
        int created = -1;
        std::thread([&] { created = create_errno(); }).join();
        return created != 0 ? created : open_errno();
      }(),
      ENOMEM);
}

// A handler's open that is refused leaves the unused file where it is, so that it makes room later.
TEST_F(LibraryFile, ARefusedOpenOfAHandlerLeavesItAlone) {
  EXPECT_EXIT_CODE(
      [] {
        static int refused = 0;
        std::signal(SIGUSR1, [](int) { refused = open_errno(); });
        {
          const kernel::KernelSection section(kernel::current_task());
          raise(SIGUSR1);
        }
        return refused == EBUSY ? open_errno() : 1;
      }(),
      0);
}

// The lowest descriptor that names the device, or -1.
int device_descriptor() {
  for (int fd = 0; fd < kernel::kDescriptorsMax; ++fd) {
    if (kernel::descriptor_kind(fd) == kernel::DescriptorKind::kOurs) return fd;
  }
  return -1;
}

// A program whose standard input is closed, and every shell, counts on the numbers of its files.
TEST_F(LibraryFile, ItTakesNoLowDescriptor) {
  static constexpr auto kTakesALowOne = [] {
    return device_descriptor() >= kernel::kOwnDescriptorMin ? 0 : 1;
  };
  EXPECT_EXIT_CODE(kTakesALowOne(), 0);
  EXPECT_EXIT_CODE(create_errno() == 0 ? kTakesALowOne() : 2, 0);
  EXPECT_EXIT_CODE(in_child(kTakesALowOne), 0);
}

TEST_F(LibraryFile, ItTakesALowDescriptorWhereNoOtherIsAllowed) {
  EXPECT_EXIT_CODE(
      [] {
        rlimit few{};
        few.rlim_cur = few.rlim_max = 64;
        if (setrlimit(RLIMIT_NOFILE, &few) != 0) return 1;
        // The child opens a file of its own.
        return in_child([] { return create_errno() == 0 && device_descriptor() < 64 ? 0 : 2; });
      }(),
      0);
}

// Other threads go on until the process is gone: their lists, workers and schedulers with them.
TEST_F(LibraryFile, ItIsOpenWhileTheProcessExits) {
  static ums_completion_list_t list = 0;
  EXPECT_EXIT_CODE(
      [] {
        // Written out by exit, after all destructors.
        cookie_io_functions_t last{};
        last.write = [](void*, const char*, std::size_t) -> ssize_t {
          _exit(delete_ums_completion_list(&list) == 0 ? 0 : errno);
        };
        std::fputc('x', fopencookie(nullptr, "w", last));
        return create_ums_completion_list(&list) == 0 ? 1 : 2;
      }(),
      0);
}

// Whether `fd` is open, and no character device.
bool is_pipe(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

// Closes all descriptors, as a daemon does, and opens a pipe under the number of the library's.
// Returns that number.
int replace_library_descriptor() {
  const int fd = device_descriptor();
  closefrom(3);
  int ends[2];
  if (fd < 0 || pipe(ends) != 0 || dup2(ends[0], fd) != fd) _exit(100);
  return fd;
}

// The number may be the program's by now: a forked child, which gives its parent's file up, leaves
// it alone, and both go on with files of their own.
TEST_F(LibraryFile, ItsNumberMayBecomeTheProgramsBeforeAFork) {
  EXPECT_EXIT_CODE(
      [] {
        if (create_errno() != 0) return 1;
        static int fd;
        fd = replace_library_descriptor();
        const int status = in_child([] { return !is_pipe(fd) ? 2 : create_errno() != 0 ? 3 : 0; });
        return status != 0 ? status : create_errno();
      }(),
      0);
}

// The program may even open a device of its own under that number.
TEST_F(LibraryFile, ItsNumberMayBecomeAnotherDeviceFile) {
  EXPECT_EXIT_CODE(
      [] {
        if (create_errno() != 0) return 1;
        const int fd = device_descriptor();
        close(fd);
        int opened = -1;
        std::thread([&] {  // a thread's own pool, on the lowest number that is free
          while (opened < fd && (opened = ums_dev_open("/dev/ums", O_RDONLY | O_PATH)) < fd - 1) {
          }
          opened = ums_dev_open("/dev/ums", O_RDONLY);
        })
            .join();
        if (opened != fd) return 2;
        ums_completion_list_t list = 0;
        if (create_ums_completion_list(&list) != 0 || list != 2)
          return 3;  // the second of its pool
        int id = 0;
        if (ums_dev_ioctl(opened, IOCTL_CREATE_UMS_CLIST, &id) != 0 || id != 1) return 4;
        if (ums_dev_close(opened) != 0) return 5;
        return create_errno();
      }(),
      0);
}

// A number that the program closed and opened again is closed as any file's is.
TEST_F(LibraryFile, ClosingAReplacedNumberClosesTheProgramsFile) {
  EXPECT_EXIT_CODE(
      [] {
        if (create_errno() != 0) return 1;
        const int fd = replace_library_descriptor();
        if (ums_dev_close(fd) != 0) return 2;
        return is_pipe(fd) ? 3 : create_errno();
      }(),
      0);
}

}  // namespace
