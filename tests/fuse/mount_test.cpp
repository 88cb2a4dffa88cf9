// SPDX-License-Identifier: Apache-2.0
//
// A mount's life: what open refuses, who ends it, and what is left.
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "procfs_emul/proc_path.h"
#include "sim_kernel/mm/fault_inject.h"
#include "support/fuse_folder.h"

namespace ums::test {
namespace {

using kernel::FuseMount;
using testing::AllOf;
using testing::HasSubstr;

class FuseLife : public FuseTest {
 protected:
  // open fails so, and leaves nothing mounted.
  static void expect_refused(const std::string& folder, int error, const auto& words) {
    FuseMount mount;
    EXPECT_EQ(mount.open(folder.c_str()).error_code(), error) << mount.message();
    EXPECT_THAT(mount.message(), words);
    EXPECT_EQ(mount.fd(), -1);
  }

  bool is_mounted() const {
    std::ifstream table("/proc/self/mounts");
    for (std::string line; std::getline(table, line);) {
      if (line.find(" " + folder_ + " ") != std::string::npos) return true;
    }
    return false;
  }
};

// Serves until `program` has ended.
void serve_for(FuseMount& mount, Started& program) {
  const int process = static_cast<int>(syscall(SYS_pidfd_open, program.pid(), 0));
  ASSERT_GE(process, 0);
  for (;;) {
    pollfd ready[] = {{mount.fd(), POLLIN, 0}, {process, POLLIN, 0}};
    ASSERT_GT(poll(ready, 2, -1), 0);
    if (ready[1].revents != 0) break;
    ASSERT_TRUE(mount.serve_one());
  }
  close(process);
}

TEST_F(FuseLife, EndsWithItsObject) {
  {
    const ServedMount mount(folder_);
    EXPECT_TRUE(is_mounted());
    EXPECT_TRUE(std::filesystem::exists(mounted_root_ + "/workers"));
  }
  EXPECT_FALSE(is_mounted());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(FuseLife, CanBeOpenedAgain) {
  FuseMount mount;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(mount.open(folder_.c_str()).ok()) << mount.message();
    EXPECT_TRUE(is_mounted());
  }
  mount.close();
  EXPECT_FALSE(is_mounted());
  EXPECT_EQ(mount.fd(), -1);
  EXPECT_FALSE(mount.serve_one());
  mount.serve();
  mount.stop();
  mount.close();
}

TEST_F(FuseLife, IsServedInALoopOfTheCaller) {
  FuseMount mount;
  ASSERT_TRUE(mount.open(folder_.c_str()).ok()) << mount.message();
  EXPECT_TRUE(mount.serve_one());  // begins: Linux has asked for FUSE's version
  EXPECT_TRUE(mount.serve_one());  // nothing to do
  Started program({"ls", folder_});
  serve_for(mount, program);
  EXPECT_EQ(program.output(), std::to_string(thread_id()) + "\n");
}

TEST_F(FuseLife, AStopBeforeServeIsKept) {
  FuseMount mount;
  ASSERT_TRUE(mount.open(folder_.c_str()).ok()) << mount.message();
  mount.stop();
  mount.serve();
  EXPECT_TRUE(is_mounted());
}

TEST_F(FuseLife, IsUnmountedByOthers) {
  ServedMount mount(folder_);
  EXPECT_EQ(run({"fusermount3", "-u", folder_}).status, 0);
  mount.await_end();
  EXPECT_FALSE(is_mounted());
}

// Programs that hold a file of it keep a mount alive, which is in no folder any more.
TEST_F(FuseLife, IsUnmountedByOthersWhileItIsUsed) {
  ServedMount mount(folder_);
  const int file = open((mounted_root_ + "/workers").c_str(), O_RDONLY);
  ASSERT_GE(file, 0);
  EXPECT_NE(run({"fusermount3", "-u", folder_}).status, 0);
  EXPECT_EQ(run({"fusermount3", "-u", "-z", folder_}).status, 0);
  EXPECT_FALSE(is_mounted());
  struct stat status {};
  EXPECT_EQ(fstat(file, &status), 0);
  close(file);
  mount.await_end();
}

// Its own end takes away no mount that somebody has put in its place.
TEST_F(FuseLife, LeavesTheNextMountAlone) {
  FuseMount first;
  ASSERT_TRUE(first.open(folder_.c_str()).ok());
  EXPECT_EQ(run({"fusermount3", "-u", folder_}).status, 0);
  FuseMount second;
  ASSERT_TRUE(second.open(folder_.c_str()).ok()) << second.message();
  first.close();
  EXPECT_TRUE(is_mounted());
}

TEST_F(FuseLife, WhatIsHeldAcrossTheEndIsNotConnected) {
  int file = -1;
  {
    const ServedMount mount(folder_);
    file = open((mounted_root_ + "/workers").c_str(), O_RDONLY);
    ASSERT_GE(file, 0);
  }
  EXPECT_FALSE(is_mounted());
  char byte;
  struct stat status {};
  EXPECT_EQ(fstat(file, &status), -1);
  EXPECT_EQ(errno, ENOTCONN);
  EXPECT_EQ(read(file, &byte, 1), -1);
  close(file);
}

TEST_F(FuseLife, AReaderIsKilledInTheMiddle) {
  FuseMount mount;
  ASSERT_TRUE(mount.open(folder_.c_str()).ok()) << mount.message();
  Started reader({"cat", mounted_root_ + "/workers"});
  pollfd asked{mount.fd(), POLLIN, 0};
  EXPECT_TRUE(mount.serve_one());     // FUSE's version
  ASSERT_EQ(poll(&asked, 1, -1), 1);  // the reader waits for an answer
  kill(reader.pid(), SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(reader.wait()));
  Started next({"ls", folder_});
  serve_for(mount, next);
  EXPECT_EQ(next.output(), std::to_string(thread_id()) + "\n");
}

// ---- what open refuses

TEST_F(FuseLife, FoldersThatAreNone) {
  expect_refused(folder_ + "/none", ENOENT, HasSubstr("mkdir"));
  expect_refused("", ENOENT, HasSubstr("mkdir"));
  expect_refused("/dev/null", ENOTDIR, HasSubstr("a folder"));
  expect_refused("/dev/null/x", ENOTDIR, HasSubstr("a folder"));
}

TEST_F(FuseLife, AFolderThatIsNotEmpty) {
  const std::string file = folder_ + "/file";
  std::ofstream(file) << "x";
  expect_refused(folder_, ENOTEMPTY, HasSubstr("choose an empty folder"));
  unlink(file.c_str());
}

TEST_F(FuseLife, AFolderOfAnother) {
  std::string other = "/";
  if (geteuid() == 0) {
    other = folder_ + ".other";
    ASSERT_EQ(mkdir(other.c_str(), 0777), 0);
    ASSERT_EQ(chown(other.c_str(), 65534, 65534), 0);
  }
  expect_refused(other, EPERM, HasSubstr("belongs to user"));
  if (geteuid() == 0) rmdir(other.c_str());
}

TEST_F(FuseLife, AFolderThatIsNotWritable) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  ASSERT_EQ(chmod(folder_.c_str(), 0555), 0);
  expect_refused(folder_, EACCES, HasSubstr("chmod u+w " + folder_));
  chmod(folder_.c_str(), 0755);
}

// Nobody serves the first: who looked into it would wait for ever.
TEST_F(FuseLife, AMountAlready) {
  FuseMount first;
  ASSERT_TRUE(first.open(folder_.c_str()).ok());
  expect_refused(folder_, EBUSY,
                 AllOf(HasSubstr("ums-" + std::to_string(getpid())), HasSubstr("fusermount3 -u")));
  EXPECT_TRUE(is_mounted());
}

TEST_F(FuseLife, NoFusermount) {
  const std::string path = getenv("PATH");
  setenv("PATH", folder_.c_str(), 1);
  expect_refused(folder_, ENOENT, HasSubstr("apt-get install fuse3"));
  setenv("PATH", path.c_str(), 1);
}

TEST_F(FuseLife, AFusermountWithoutPrivilege) {
  if (geteuid() == 0) GTEST_SKIP() << "root needs no set-user-id program";
  const std::string path = getenv("PATH");
  const std::string bin = folder_ + ".bin";
  ASSERT_EQ(mkdir(bin.c_str(), 0755), 0);
  ASSERT_EQ(run({"sh", "-c", "cp \"$(command -v fusermount3)\" " + bin}).status, 0);
  setenv("PATH", (bin + ":" + path).c_str(), 1);
  expect_refused(folder_, EPERM,
                 AllOf(HasSubstr("mount failed"), HasSubstr("chmod u+s " + bin + "/fusermount3")));
  setenv("PATH", path.c_str(), 1);
  std::filesystem::remove_all(bin);
}

// ---- other processes

// Opens a mount of its own in a child, which then waits to be killed. False where it cannot.
bool mounts_and_waits(const std::string& folder, int ready) {
  const int fd = dev_open();
  FuseMount mount;
  const bool mounted = fd >= 0 && mount.open(folder.c_str()).ok();
  EXPECT_TRUE(mounted) << mount.message();
  close(ready);
  if (!mounted) return false;
  for (;;) pause();
}

// A child that runs body(descriptor), and has come so far that it has closed the descriptor.
template <typename Body>
pid_t fork_until_ready(Body body) {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    forget_thread_id();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ready[0]);
    body(ready[1]);
    _exit(1);
  }
  close(ready[1]);
  char byte;
  EXPECT_EQ(read(ready[0], &byte, 1), 0);
  close(ready[0]);
  return child;
}

void kill_and_wait(pid_t child) {
  int status = 0;
  EXPECT_EQ(kill(child, SIGKILL), 0);
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
}

TEST_F(FuseLife, AMountOfTheDead) {
  const pid_t child = fork_until_ready([&](int ready) { mounts_and_waits(folder_, ready); });
  EXPECT_TRUE(is_mounted());
  expect_refused(folder_, EBUSY, HasSubstr("ums-" + std::to_string(child)));
  EXPECT_EQ(kill(child, SIGKILL), 0);
  siginfo_t info{};
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  expect_refused(folder_, ENOTCONN, HasSubstr("fusermount3 -u " + folder_));  // a zombie's
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  expect_refused(folder_, ENOTCONN, HasSubstr("fusermount3 -u " + folder_));
  EXPECT_EQ(text_of(folder_), errno_text(ENOTCONN));
  EXPECT_EQ(run({"fusermount3", "-u", folder_}).status, 0);
  const ServedMount mount(folder_);
  EXPECT_TRUE(std::filesystem::exists(mounted_root_));
}

// The first lives on, for a file that is open, when another process mounts in its place.
TEST_F(FuseLife, LeavesTheMountOfAnotherProcessAlone) {
  ServedMount mount(folder_);
  const int file = open((mounted_root_ + "/workers").c_str(), O_RDONLY);
  ASSERT_GE(file, 0);
  EXPECT_EQ(run({"fusermount3", "-u", "-z", folder_}).status, 0);
  const pid_t child = fork_until_ready([&](int ready) { mounts_and_waits(folder_, ready); });
  mount.close();
  EXPECT_TRUE(is_mounted());
  close(file);
  kill_and_wait(child);
  EXPECT_EQ(run({"fusermount3", "-u", folder_}).status, 0);
}

// Invariant 3 of FuseMount.
TEST_F(FuseLife, AChildHasNoPart) {
  FuseMount mount;
  ASSERT_TRUE(mount.open(folder_.c_str()).ok()) << mount.message();
  const int status = in_child([&mount] {
    EXPECT_EQ(mount.fd(), -1);
    EXPECT_FALSE(mount.serve_one());
    mount.stop();
    mount.close();
  });
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(is_mounted());
  Started program({"ls", folder_});
  serve_for(mount, program);
  EXPECT_EQ(program.output(), std::to_string(thread_id()) + "\n");
}

// A child that outlives the server does not keep readers waiting.
TEST_F(FuseLife, AChildKeepsNoMountAlive) {
  int grandchild[2];
  ASSERT_EQ(pipe(grandchild), 0);
  const pid_t child = fork_until_ready([&](int ready) {
    const int fd = dev_open();
    FuseMount mount;
    EXPECT_TRUE(fd >= 0 && mount.open(folder_.c_str()).ok()) << mount.message();
    const pid_t inner = fork_until_ready([ready](int inner_ready) {
      prctl(PR_SET_PDEATHSIG, 0);
      alarm(100);  // where the test does not come to kill it
      close(ready);
      close(inner_ready);
      for (;;) pause();
    });
    EXPECT_EQ(write(grandchild[1], &inner, sizeof inner), static_cast<ssize_t>(sizeof inner));
    close(ready);
    for (;;) pause();
  });
  pid_t inner = 0;
  EXPECT_EQ(read(grandchild[0], &inner, sizeof inner), static_cast<ssize_t>(sizeof inner));
  kill_and_wait(child);
  EXPECT_EQ(text_of(folder_), errno_text(ENOTCONN));  // else it would hang
  EXPECT_EQ(kill(inner, SIGKILL), 0);
  EXPECT_EQ(run({"fusermount3", "-u", folder_}).status, 0);
  for (const int fd : grandchild) close(fd);
}

// At each place where a descriptor is missing.
TEST_F(FuseLife, WithoutDescriptorsNothingIsMounted) {
  if (UMS_SANITIZE_ADDRESS != 0) {
    GTEST_SKIP() << "UndefinedBehaviorSanitizer needs a pipe to look at an object's type";
  }
  const int status = in_child([this] {
    const int free_fd = dup(0);
    close(free_fd);
    for (rlim_t room = 0;; ++room) {
      const rlimit limit{static_cast<rlim_t>(free_fd) + room, 4096};
      ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
      FuseMount mount;
      if (mount.open(folder_.c_str()).ok()) {
        EXPECT_GT(room, 3U);
        break;
      }
      EXPECT_THAT(mount.message(), HasSubstr("ulimit -n"));
    }
  });
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(is_mounted());
}

TEST_F(FuseLife, NoNewPrivileges) {
  if (geteuid() == 0) GTEST_SKIP() << "root needs no set-user-id program";
  const int status = in_child([this] {
    EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    const int fd = dev_open();
    expect_refused(folder_, EPERM, HasSubstr("no_new_privs"));
    EXPECT_EQ(dev_close(fd), 0);
  });
  EXPECT_EQ(status, 0);
}

TEST_F(FuseLife, NoTree) {
  const int status = in_child([this] {
    kernel::Result<kernel::ProcPath> root =
        kernel::proc_resolve(kernel::ProcPath(), "/proc/ums", kernel::ProcFollow::kNo);
    kernel::proc_remove(&root.value().node());
    expect_refused(folder_, ENOENT, HasSubstr("start its kernel first"));
  });
  EXPECT_EQ(status, 0);
}

// ---- no memory

TEST_F(FuseLife, WithoutMemoryNothingIsMounted) {
  for (unsigned n = 1;; ++n) {
    kernel::fault_inject_fail_nth(n);
    FuseMount mount;
    const int error = mount.open(folder_.c_str()).error_code();
    if (!kernel::fault_inject_disarm()) {
      EXPECT_EQ(error, 0) << mount.message();
      EXPECT_GT(n, 1U);
      break;
    }
    EXPECT_EQ(error, ENOMEM);
    EXPECT_STREQ(mount.message(), "no memory");
    EXPECT_FALSE(is_mounted());
  }
}

TEST_F(FuseLife, WithoutMemoryARequestFails) {
  FuseMount mount;
  ASSERT_TRUE(mount.open(folder_.c_str()).ok()) << mount.message();
  const Words words = {"ls", "-lR", folder_};
  Started once(words);
  serve_for(mount, once);
  const std::string expected = once.output();
  unsigned failures = 0;
  for (unsigned n = 1;; ++n) {
    kernel::fault_inject_fail_nth(n);
    Started program(words);
    serve_for(mount, program);
    const bool failed = kernel::fault_inject_disarm();
    const std::string errors = program.errors();
    if (!failed) {
      EXPECT_EQ(errors, "");
      EXPECT_EQ(program.output(), expected);
      break;
    }
    ++failures;
    EXPECT_THAT(errors, HasSubstr("Cannot allocate memory"));
  }
  EXPECT_GE(failures, 3U);  // an entry, an open file, what a folder gave
}

}  // namespace
}  // namespace ums::test
