// SPDX-License-Identifier: Apache-2.0
//
// A program under a kernel process looks as if it had been started itself: its end, its streams and
// what it inherits.
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>

#include "support/emulator.h"
#include "support/temp_file.h"
#include "tools/ums/pidfd.h"
#include "ums/started.h"

namespace {

using namespace ums::test;
using ums::command::open_pidfd;

Words fronted(Words words) {
  words.insert(words.begin(), UMS_TEST_FRONT_PROGRAM);
  return words;
}

// For a shell's script. Its parent is the watch process.
const std::string find_kernel = "read -r _ _ _ kernel _ </proc/$PPID/stat; ";

Words shell(const std::string& script) { return {"sh", "-c", script}; }

class Front : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_UNDER_EMULATOR("it has no program of its machine to start");
    setenv("PATH", "/usr/bin:/bin", 1);  // in a folder that cannot be searched none is missing
  }
};

// Both run alike, with the same `in_child`, and print something.
void expect_same(const Words& words, const std::function<void()>& in_child = {}) {
  const Outcome bare = run(words, in_child);
  const Outcome front = run(fronted(words), in_child);
  EXPECT_EQ(front.status, bare.status);
  EXPECT_EQ(front.output, bare.output);
  EXPECT_EQ(front.errors, bare.errors);
  EXPECT_NE(bare.output + bare.errors, "");
}

// Waits until the process is gone, however long it takes.
void await_end(const ums::command::Descriptor& pidfd) {
  pollfd ready{pidfd.get(), POLLIN, 0};
  EXPECT_EQ(poll(&ready, 1, -1), 1);
}

TEST_F(Front, ExitStatus) {
  for (const int status : {0, 1, 7, 125, 255}) {
    EXPECT_EQ(run(fronted(shell("exit " + std::to_string(status)))).status, status);
  }
}

TEST_F(Front, DeathBySignalWithoutCore) {
  for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGSEGV, SIGUSR1, SIGRTMIN}) {
    Started program(fronted(shell("kill -" + std::to_string(signal) + " $$")), [] {
      const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
      setrlimit(RLIMIT_CORE, &unlimited);
      [[maybe_unused]] const int in_temp = chdir(testing::TempDir().c_str());
    });
    const int status = program.wait();
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_FALSE(WCOREDUMP(status));
  }
}

TEST_F(Front, CannotExecute) {
  const Outcome none = run(fronted({"no-such-program"}));
  EXPECT_EQ(none.status, 127);
  EXPECT_EQ(none.errors, "ums run: 'no-such-program': No such file or directory\n");
  const Outcome folder = run(fronted({"/"}));
  EXPECT_EQ(folder.status, 126);
  EXPECT_EQ(folder.errors, "ums run: '/': Permission denied\n");
}

TEST_F(Front, KernelThatFailsIsNamed) {
  for (const std::string place : {"prepare", "in_program", "watch", "serve"}) {
    const Outcome outcome = run({UMS_TEST_FRONT_PROGRAM, "--fail", place, "sleep", "1000"});
    EXPECT_EQ(outcome.status, 125) << place;
    EXPECT_EQ(outcome.errors, "ums run: failed in " + place + "\n");
  }
}

TEST_F(Front, KernelThatIsKilledTakesTheProgramAlong) {
  // The program would wait for its input for ever.
  Started program(fronted(shell(find_kernel + "kill -9 $kernel; exec cat")));
  EXPECT_EQ(program.output(), "");
  EXPECT_EQ(
      program.errors(),
      "ums run: the kernel process was killed by signal 9 (Killed); 'sh' cannot go on without "
      "it and is killed\n");
  const int status = program.wait();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 125);
}

TEST_F(Front, WatchThatIsKilledTakesTheProgramAlong) {
  Started program(fronted(shell("kill -9 $PPID; exec cat")));
  EXPECT_EQ(program.output(), "");
  EXPECT_EQ(program.errors(),
            "ums run: the process that watches the program was killed by signal 9 (Killed)\n");
  const int status = program.wait();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 125);
}

TEST_F(Front, FrontThatIsKilledTakesTheProgramAlong) {
  Started program(fronted(shell("echo $$; exec cat")));
  const auto pidfd = open_pidfd(std::stoi(program.line()));
  kill(program.pid(), SIGKILL);
  await_end(pidfd);
  EXPECT_EQ(WTERMSIG(program.wait()), SIGKILL);
}

TEST_F(Front, KernelOutlivesTheProgramButNotItsChildren) {
  const TempFile fifo;
  ASSERT_EQ(mkfifo(fifo.path(), 0600), 0);
  Started program(fronted(
      shell(find_kernel + "cat " + std::string(fifo.path()) + " >/dev/null & echo $kernel")));
  const auto kernel = open_pidfd(std::stoi(program.line()));
  EXPECT_EQ(program.wait(), 0);
  pollfd ready{kernel.get(), POLLIN, 0};
  EXPECT_EQ(poll(&ready, 1, 0), 0) << "it has ended";
  std::ofstream(fifo.path()) << "end";
  await_end(kernel);
}

TEST_F(Front, LeavesNothingBehind) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  Started program(fronted(shell("exit 0")));
  const pid_t group = program.pid();
  program.wait();
  while (waitpid(-group, nullptr, 0) > 0) {
  }
  EXPECT_EQ(kill(-group, 0), -1);
  EXPECT_EQ(errno, ESRCH);
  while (waitpid(-1, nullptr, 0) > 0) {  // the kernel process, which has a group of its own
  }
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(Front, ReapsOrphans) {
  // The orphan's parent is the watch process. When its zombie is gone, kill fails.
  const Outcome outcome =
      run(fronted(shell("orphan=$(sh -c 'sh -c :>/dev/null & echo $!'); while kill -0 $orphan "
                        "2>/dev/null; do :; done; "
                        "echo reaped")));
  EXPECT_EQ(outcome.output, "reaped\n");
}

TEST_F(Front, InheritsSignalsAndLimits) {
  const auto unusual = [] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGRTMAX);
    sigprocmask(SIG_SETMASK, &set, nullptr);
    for (const int ignored : {SIGHUP, SIGINT, SIGCHLD, SIGPIPE}) signal(ignored, SIG_IGN);
    umask(0123);
    const rlimit files{100, 200};
    setrlimit(RLIMIT_NOFILE, &files);
    setenv("UMS_TEST_WORD", "x y", 1);
  };
  expect_same(
      {"grep", "-E", "^(Sig(Blk|Ign|Cgt|Pnd)|ShdPnd|Umask|NoNewPrivs)", "/proc/self/status"},
      unusual);
  expect_same({"cat", "/proc/self/limits"}, unusual);
  expect_same({"env"}, unusual);
  expect_same({"pwd"}, [] { [[maybe_unused]] const int root = chdir("/"); });
}

TEST_F(Front, InheritsDescriptors) {
  const Words list = shell("ls /proc/self/fd; ls /proc/self/fd >&2");
  expect_same(list);
  expect_same(list, [] { dup2(0, 77); });
  for (const int closed : {0, 1, 2}) {
    expect_same(list, [closed] { close(closed); });
  }
  const Words all_closed =
      shell("for i in 0 1 2; do if [ -e /proc/$$/fd/$i ]; then exit 1; fi; done; exit 42");
  EXPECT_EQ(run(fronted(all_closed), [] { close(0), close(1), close(2); }).status, 42);
}

TEST_F(Front, IsInTheSameGroupAndSession) {
  Started program(fronted({"cut", "-d", " ", "-f5,6", "/proc/self/stat"}));
  EXPECT_EQ(program.line(), std::to_string(program.pid()) + " " + std::to_string(getsid(0)));
}

TEST_F(Front, KernelIsInTheSameSessionAndInAGroupOfItsOwn) {
  Started program(
      fronted(shell(find_kernel + "echo $kernel; cut -d ' ' -f 5,6 /proc/$kernel/stat")));
  const std::string kernel = program.line();
  EXPECT_EQ(program.line(), kernel + " " + std::to_string(getsid(0)));
}

// Of an orphaned group: whoever would continue it is not of its session.
TEST_F(Front, NoKeyOfATerminalStopsWhatNobodyContinues) {
  const Words orphaned = {"setsid", "-w", UMS_TEST_FRONT_PROGRAM,
                          "sh",     "-c", "kill -TSTP $$; echo not stopped"};
  EXPECT_EQ(run(orphaned).output, "not stopped\n");
}

TEST_F(Front, NobodyElseHoldsTheStreams) {
  Started program(fronted(shell("echo line; exec >&-; read x; exit 3")));
  EXPECT_EQ(program.output(), "line\n");  // ends, though the program goes on
  program.write("\n");
  EXPECT_EQ(WEXITSTATUS(program.wait()), 3);
}

TEST_F(Front, OutputKeepsItsOrder) {
  const Outcome outcome = run(fronted(shell("echo 1; echo 2 >&2; echo 3")), [] { dup2(1, 2); });
  EXPECT_EQ(outcome.output, "1\n2\n3\n");
}

}  // namespace
