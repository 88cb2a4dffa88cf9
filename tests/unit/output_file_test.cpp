// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/base/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sim_kernel/base/limits.h"
#include "support/temp_file.h"

namespace {

using ums::kernel::kOwnDescriptorMin;
using ums::kernel::OutputFile;
using ums::test::TempFile;

int lowest_free_descriptor() {
  const int descriptor = dup(STDIN_FILENO);
  close(descriptor);
  return descriptor;
}

// What the next file of the kernel's own gets: the library has one open already.
int lowest_free_own_descriptor() {
  const int descriptor = fcntl(STDIN_FILENO, F_DUPFD, kOwnDescriptorMin);
  close(descriptor);
  return descriptor;
}

TEST(OutputFile, AppendsToWhatIsThere) {
  TempFile temp;
  for (const char* text : {"one\n", "two\n"}) {
    OutputFile file;
    ASSERT_EQ(file.open(temp.path()), 0);
    file.write(text);
    file.close();
    EXPECT_FALSE(file.is_open());
  }
  EXPECT_EQ(temp.text(), "one\ntwo\n");
}

TEST(OutputFile, SaysWhyItCannotBeOpened) {
  OutputFile file;
  EXPECT_EQ(file.open("/nonexistent/file"), ENOENT);
  EXPECT_EQ(file.open("/"), EISDIR);
  EXPECT_FALSE(file.is_open());
}

TEST(OutputFile, LeavesLowDescriptorsToTheProgram) {
  TempFile temp;
  OutputFile file;
  const int before = lowest_free_descriptor();
  const int own = lowest_free_own_descriptor();
  ASSERT_EQ(file.open(temp.path()), 0);
  EXPECT_EQ(lowest_free_descriptor(), before);
  EXPECT_EQ(fcntl(own, F_GETFD), FD_CLOEXEC);
  file.close();
  EXPECT_EQ(fcntl(own, F_GETFD), -1);
}

TEST(OutputFile, TakesALowDescriptorWhereNoOtherIsAllowed) {
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  const rlimit low = {static_cast<rlim_t>(kOwnDescriptorMin), old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  TempFile temp;
  OutputFile file;
  EXPECT_EQ(file.open(temp.path()), 0);
  file.write("text\n");
  EXPECT_EQ(temp.text(), "text\n");
  file.close();
  setrlimit(RLIMIT_NOFILE, &old);
}

TEST(OutputFile, NeverWritesIntoAFileOfTheProgram) {
  TempFile ours;
  TempFile theirs;
  OutputFile file;
  const int own = lowest_free_own_descriptor();
  ASSERT_EQ(file.open(ours.path()), 0);
  const int descriptor = open(theirs.path(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(dup2(descriptor, own), own);
  file.write("lost\n");
  close(own);
  file.write("lost too\n");
  EXPECT_EQ(theirs.text(), "");
  EXPECT_EQ(ours.text(), "");
  close(descriptor);
}

// Writes to a named pipe whose reader is gone. Returns whether a SIGPIPE is pending then.
int pipe_signal_after_write(bool pending_before) {
  TempFile temp;
  if (mkfifo(temp.path(), 0600) != 0) return -1;
  const int reader = open(temp.path(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  OutputFile file;
  if (file.open(temp.path()) != 0) return -1;
  close(reader);
  sigset_t pipe_signal, pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  if (pending_before) {
    pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
    raise(SIGPIPE);
  }
  file.write("nobody reads this\n");
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE);
}

TEST(OutputFileDeathTest, APipeWithoutReaderDoesNotEndTheProgram) {
  EXPECT_EXIT(_exit(pipe_signal_after_write(false)), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(_exit(pipe_signal_after_write(true)), testing::ExitedWithCode(1), "")
      << "the program's own signal was taken";
}

TEST(OutputFile, LeavesErrnoAlone) {
  OutputFile file;
  errno = 1234;
  file.open("/nonexistent/file");
  file.write("nowhere\n");
  EXPECT_EQ(errno, 1234);
}

}  // namespace
