// SPDX-License-Identifier: Apache-2.0
//
// Signals, stops and terminals pass through the front process (tools/ums/front.h) as if there were
// none: each signal arrives once.
#include <fmt/core.h>
#include <pty.h>
#include <termios.h>

#include <fstream>

#include "support/emulator.h"
#include "ums/started.h"

namespace {

using namespace ums::test;

class FrontSignals : public testing::Test {
 protected:
  void SetUp() override { SKIP_UNDER_EMULATOR("it has no program of its machine to start"); }
};

std::string number(int signal) { return std::to_string(signal); }

const Words reporter{UMS_TEST_FRONT_PROGRAM, UMS_TEST_SIGNAL_REPORTER};

// Stops the front process only.
void stop_front(Started* program) {
  kill(program->pid(), SIGSTOP);
  EXPECT_TRUE(WIFSTOPPED(program->wait(WUNTRACED)));
}

TEST_F(FrontSignals, ToTheFrontArePassedOn) {
  Started program(reporter);
  program.line();
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM, SIGTSTP,
                           SIGTTIN, SIGCHLD, SIGURG, SIGRTMIN, SIGRTMAX}) {
    kill(program.pid(), signal);
    EXPECT_EQ(program.line(), number(signal));
  }
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.line(), number(SIGTERM));
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(FrontSignals, QueuedOnesKeepValueAndSender) {
  Started program(reporter);
  program.line();
  for (int value = 1; value <= 3; ++value) {
    sigval queued{};
    queued.sival_int = value;
    sigqueue(program.pid(), SIGRTMIN + 1, queued);
    EXPECT_EQ(program.line(), fmt::format("{} {} {}", SIGRTMIN + 1, value, getpid()));
  }
}

// While the front is stopped, the program has taken its own; a second one could not be merged.
TEST_F(FrontSignals, ToTheGroupArriveOnce) {
  Started program(reporter);
  program.line();
  for (const int signal : {SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGWINCH, SIGTSTP, SIGRTMIN}) {
    stop_front(&program);
    kill(-program.pid(), signal);
    EXPECT_EQ(program.line(), number(signal));
    kill(program.pid(), SIGCONT);
    EXPECT_EQ(program.line(), number(SIGCONT)) << "after " << signal;
    kill(program.pid(), SIGUSR2);
    EXPECT_EQ(program.line(), number(SIGUSR2)) << "after " << signal;
  }
}

// Both at once: the standard signal counts once, as it does for any process.
TEST_F(FrontSignals, ToTheGroupAndThenAlone) {
  Started program(reporter);
  program.line();
  kill(-program.pid(), SIGUSR1);
  EXPECT_EQ(program.line(), number(SIGUSR1));
  kill(program.pid(), SIGUSR2);  // answered when the front has seen the first
  EXPECT_EQ(program.line(), number(SIGUSR2));
  kill(program.pid(), SIGUSR1);
  EXPECT_EQ(program.line(), number(SIGUSR1));
}

TEST_F(FrontSignals, TheProgramsStopsShow) {
  for (const int signal : {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU}) {
    Started program(
        {UMS_TEST_FRONT_PROGRAM, "sh", "-c", fmt::format("kill -{} $$; exit 9", signal)});
    const int stopped = program.wait(WUNTRACED);
    ASSERT_TRUE(WIFSTOPPED(stopped));
    EXPECT_EQ(WSTOPSIG(stopped), signal);
    kill(program.pid(), SIGCONT);
    EXPECT_EQ(WEXITSTATUS(program.wait()), 9);
  }
}

TEST_F(FrontSignals, StopsAgainAndAgain) {
  Started program({UMS_TEST_FRONT_PROGRAM, "sh", "-c",
                   "for i in 1 2 3 4 5 6 7 8 9 10; do kill -TSTP $$; kill -STOP $$; done"});
  for (int i = 0; i < 10; ++i) {
    for (const int signal : {SIGTSTP, SIGSTOP}) {
      const int status = program.wait(WUNTRACED);
      ASSERT_TRUE(WIFSTOPPED(status)) << status;
      EXPECT_EQ(WSTOPSIG(status), signal);
      kill(i % 2 == 0 ? program.pid() : -program.pid(), SIGCONT);
    }
  }
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(FrontSignals, TheWholeGroupStopsAndOnlyTheFrontIsContinued) {
  Started program(reporter);
  program.line();
  kill(-program.pid(), SIGSTOP);
  EXPECT_TRUE(WIFSTOPPED(program.wait(WUNTRACED)));
  kill(program.pid(), SIGCONT);
  EXPECT_EQ(program.line(), number(SIGCONT));
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.line(), number(SIGTERM));
}

TEST_F(FrontSignals, WhoContinuesTheProgramContinuesTheFront) {
  for (const char* signal : {"STOP", "TSTP"}) {
    Started program(
        {UMS_TEST_FRONT_PROGRAM, "sh", "-c", fmt::format("echo $$; kill -{} $$", signal)});
    const pid_t inside = std::stoi(program.line());
    EXPECT_TRUE(WIFSTOPPED(program.wait(WUNTRACED)));
    kill(inside, SIGCONT);
    EXPECT_EQ(program.wait(), 0);
  }
}

TEST_F(FrontSignals, AStoppedProgramCanBeKilled) {
  Started program({UMS_TEST_FRONT_PROGRAM, "sh", "-c", "echo $$; kill -STOP $$"});
  const pid_t inside = std::stoi(program.line());
  EXPECT_TRUE(WIFSTOPPED(program.wait(WUNTRACED)));
  kill(inside, SIGKILL);
  EXPECT_EQ(WTERMSIG(program.wait()), SIGKILL);
}

// Waits until `signal` is pending for the process: a terminal's key reaches the program first.
void await_pending(pid_t pid, int signal) {
  for (;;) {
    std::ifstream file(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("ShdPnd:")) continue;
      if ((std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1) != 0) return;
    }
  }
}

// A program with a terminal of its own.
class OnTerminal {
 public:
  explicit OnTerminal(const Words& words) {
    pid_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ != 0) return;
    setenv("PS1", "$ ", 1);
    exec_words(words);
    _exit(127);
  }
  ~OnTerminal() {
    hang_up();
    if (pid_ > 0) kill(pid_, SIGKILL);
    if (pid_ > 0) wait();
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  pid_t pid() const { return pid_; }
  void type(const std::string& keys) const {
    EXPECT_EQ(write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  // Reads until `text` has come, and forgets what was before it.
  void expect(const std::string& text) {
    std::size_t found = std::string::npos;
    while ((found = screen_.find(text)) == std::string::npos) {
      char bytes[256];
      const ssize_t count = read(terminal_, bytes, sizeof bytes);
      ASSERT_GT(count, 0) << "no '" << text << "' in:\n" << screen_;
      screen_.append(bytes, static_cast<std::size_t>(count));
    }
    screen_.erase(0, found + text.size());
  }
  void hang_up() {
    if (terminal_ >= 0) close(terminal_);
    terminal_ = -1;
  }
  int wait() {
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string screen_;
};

TEST_F(FrontSignals, KeysOfATerminalArriveOnce) {
  OnTerminal program(reporter);
  program.expect("ready");
  for (const auto& [key, signal] :
       {std::pair{"\x03", SIGINT}, {"\x1c", SIGQUIT}, {"\x1a", SIGTSTP}}) {
    kill(program.pid(), SIGSTOP);
    int status = 0;
    waitpid(program.pid(), &status, WUNTRACED);
    program.type(key);
    program.expect(number(signal) + "\r\n");  // behind the echo of the key
    await_pending(program.pid(), signal);
    kill(program.pid(), SIGCONT);
    program.expect(number(SIGCONT) + "\r\n");
    kill(program.pid(), SIGUSR2);
    program.expect(number(SIGUSR2) + "\r\n");
  }
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(FrontSignals, InterruptEndsAProgramOnATerminal) {
  OnTerminal program({UMS_TEST_FRONT_PROGRAM, "sh", "-c", "echo ready; exec cat"});
  program.expect("ready");
  program.type("\x03");
  EXPECT_EQ(WTERMSIG(program.wait()), SIGINT);
}

TEST_F(FrontSignals, JobControlOfAShell) {
  OnTerminal shell({"sh", "-i", "-m"});
  shell.type(UMS_TEST_FRONT_PROGRAM " sh -c 'echo rea\"\"dy; exec cat'\n");
  shell.expect("ready\r\n");
  shell.type("\x1a");
  shell.expect("Stopped");
  shell.type("echo status $?\n");
  shell.expect("status " + number(128 + SIGTSTP));
  shell.type("fg\n");
  shell.expect("exec cat");
  shell.type("word\n");
  shell.expect("word\r\nword\r\n");  // typed, and from cat
  shell.type("\x04");
  shell.type("echo status $?\n");
  shell.expect("status 0");
  // In the background, a read stops it.
  shell.type(UMS_TEST_FRONT_PROGRAM " cat &\n");
  shell.type("wait %1; echo st\"\"opped $?\n");
  shell.expect("stopped " + number(128 + SIGTTIN));
  // By then the shell has had its say of the stop, which names the command too.
  shell.type("echo no\"\"ticed\n");
  shell.expect("noticed\r\n");
  shell.type("fg\n");
  shell.expect("cat\r\n");  // printed before cat is in the foreground
  shell.type("again\n");
  shell.expect("again\r\nagain\r\n");
  shell.type("\x03");
  shell.expect("$ ");  // what is typed earlier, cat may read while it dies
  shell.type("echo status $?\n");
  shell.expect("status " + number(128 + SIGINT));
  shell.type("exit 5\n");
  EXPECT_EQ(WEXITSTATUS(shell.wait()), 5);
}

// One that read the terminal could also end by reading its end.
TEST_F(FrontSignals, HangUpOfTheTerminal) {
  OnTerminal program({UMS_TEST_FRONT_PROGRAM, "sh", "-c",
                      "echo ready; exec tail -f /dev/null </dev/null >/dev/null 2>&1"});
  program.expect("ready");
  program.hang_up();
  const int status = program.wait();
  EXPECT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  EXPECT_EQ(WTERMSIG(status), SIGHUP);
}

}  // namespace
