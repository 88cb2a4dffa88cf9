// SPDX-License-Identifier: Apache-2.0
//
// ums top on a terminal: one page in place, and a terminal that is as before in the end.
#include <gmock/gmock.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <utmp.h>

#include "support/emulator.h"
#include "ums/posed.h"

namespace {

using namespace ums::test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kEnter = "\033[?1049h\033[?25l\033[?7l";
constexpr const char* kLeave = "\033[?7h\033[?25h\033[?1049l";
constexpr const char* kPageEnd = "\033[J";

// `ums top`, which looks again only when it is told to, on a terminal of its own.
class Terminal {
 public:
  explicit Terminal(winsize size, const char* type = "xterm") {
    int inside = -1;
    EXPECT_EQ(openpty(&fd_, &inside, nullptr, nullptr, &size), 0);
    EXPECT_EQ(tcgetattr(inside, &before_), 0);  // before anybody else has it
    pid_ = fork();
    if (pid_ == 0) {
      close(fd_);
      login_tty(inside);
      setenv("TERM", type, 1);
      exec_words({UMS_TEST_COMMAND, "top", "-d", "86400"});
      _exit(127);
    }
    close(inside);
  }
  ~Terminal() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  pid_t pid() const { return pid_; }

  // What it writes up to and with `end`.
  std::string until(const std::string& end) {
    std::string text;
    for (char byte = 0; !text.ends_with(end) && read(fd_, &byte, 1) == 1;) text += byte;
    EXPECT_THAT(text, EndsWith(end));
    return text;
  }

  void type(const std::string& keys) const {
    EXPECT_EQ(write(fd_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }

  void resize(winsize size) const { EXPECT_EQ(ioctl(fd_, TIOCSWINSZ, &size), 0); }

  // Its wait status, after it has left the terminal as it was.
  int end() {
    until(kLeave);
    int status = -1;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    termios after{};
    EXPECT_EQ(tcgetattr(fd_, &after), 0);
    EXPECT_EQ(after.c_lflag, before_.c_lflag);
    return status;
  }

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
  termios before_{};
};

std::size_t lines(const std::string& page) {
  return 1 + static_cast<std::size_t>(std::count(page.begin(), page.end(), '\n'));
}

class Top : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_UNDER_EMULATOR("it has no program of its machine to start");
    setenv("UMS_QUIET", "1", 1);
  }

  RunFolder folder_;
};

constexpr winsize kLarge = {50, 120, 0, 0};

TEST_F(Top, ShowsAPageAndEndsByItsKey) {
  Posed posed;
  Terminal terminal(kLarge);
  const std::string page = terminal.until(kPageEnd);
  EXPECT_THAT(page, testing::StartsWith(kEnter));
  EXPECT_THAT(page, HasSubstr("workers: 4"));
  EXPECT_THAT(page, HasSubstr("executing"));
  posed.go_on(2);
  terminal.type("x");
  EXPECT_THAT(terminal.until(kPageEnd), HasSubstr("100.0 %")) << "of the one switch since";
  terminal.type("q");
  EXPECT_EQ(terminal.end(), 0);
}

TEST_F(Top, ControlCEndsIt) {
  Terminal terminal(kLarge);
  EXPECT_THAT(terminal.until(kPageEnd), HasSubstr("No UMS kernel of this user is running."));
  terminal.type("\003");
  EXPECT_EQ(terminal.end(), 0);
}

TEST_F(Top, ASignalEndsItAndIsSeen) {
  for (const int signal : {SIGTERM, SIGHUP}) {
    Terminal terminal(kLarge);
    terminal.until(kPageEnd);
    ASSERT_EQ(kill(terminal.pid(), signal), 0);
    const int status = terminal.end();
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    EXPECT_EQ(WTERMSIG(status), signal);
  }
}

TEST_F(Top, FitsTheTerminal) {
  const Posed posed;
  Terminal terminal(kLarge);
  EXPECT_GT(lines(terminal.until(kPageEnd)), 8U);
  terminal.resize({3, 10, 0, 0});
  const std::string page = terminal.until(kPageEnd);
  EXPECT_EQ(lines(page), 3U);
  EXPECT_THAT(page, HasSubstr("UMS kernel\033[K"));
  EXPECT_THAT(page, Not(HasSubstr("UMS kernels")));
  terminal.type("q");
  EXPECT_EQ(terminal.end(), 0);
}

TEST_F(Top, StopsAndGoesOn) {
  Terminal terminal(kLarge);
  terminal.until(kPageEnd);
  terminal.type("\032");
  terminal.until(kLeave);
  int status = -1;
  ASSERT_EQ(waitpid(terminal.pid(), &status, WUNTRACED), terminal.pid());
  ASSERT_TRUE(WIFSTOPPED(status)) << status;
  ASSERT_EQ(kill(terminal.pid(), SIGCONT), 0);
  EXPECT_THAT(terminal.until(kPageEnd), HasSubstr(kEnter));
  terminal.type("q");
  EXPECT_EQ(terminal.end(), 0);
}

TEST_F(Top, ATerminalThatCannotIsLikeAFile) {
  Terminal terminal(kLarge, "dumb");
  EXPECT_THAT(terminal.until("running.\r\n"), Not(HasSubstr("\033")));
}

}  // namespace
