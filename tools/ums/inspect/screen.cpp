// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace ums::command {
namespace {

// Alternate screen, no cursor, no wrapping; and back.
constexpr std::string_view kEnter = "\033[?1049h\033[?25l\033[?7l";
constexpr std::string_view kLeave = "\033[?7h\033[?25h\033[?1049l";

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};

void send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

// The first `columns` characters of a line, each of which is one column wide here.
std::string_view fitting(std::string_view line, std::size_t columns) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(line[at]) & 0xc0) != 0x80;
    if (begins && ++characters > columns) return line.substr(0, at);
  }
  return line;
}

}  // namespace

bool Screen::there_is_one() {
  const char* const type = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && type != nullptr && std::string_view(type) != "dumb";
}

Screen::Screen() : keys_(isatty(STDIN_FILENO) != 0) {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : kSignals) sigaddset(&wanted, signal);
  sigprocmask(SIG_BLOCK, &wanted, &mask_before_);
  signals_.reset(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) throw std::system_error(errno, std::generic_category(), "cannot wait for signals");
  enter();
}

Screen::~Screen() {
  leave();
  sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Screen::enter() {
  if (keys_ && tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
  }
  send(kEnter);
  entered_ = true;
}

void Screen::leave() {
  if (!entered_) return;
  send(kLeave);
  if (keys_) tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  entered_ = false;
}

void Screen::show(const std::string& page) const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) size = {24, 80, 0, 0};
  std::string text = "\033[H";
  std::string_view rest = page;
  for (unsigned row = 0; row < size.ws_row && !rest.empty(); ++row) {
    const std::size_t end = rest.find('\n');
    if (row > 0) text += "\r\n";
    text += fitting(rest.substr(0, end), size.ws_col);
    text += "\033[K";
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  send(text + "\033[J");
}

// As the terminal would have stopped us.
void Screen::stop() {
  leave();
  raise(SIGSTOP);
  enter();
}

// Returns false if the signal is the end.
bool Screen::take_signal() {
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGTSTP) stop();
    if (signal == SIGTSTP || signal == SIGCONT || signal == SIGWINCH) continue;
    ended_by_ = signal;
    return false;
  }
  return true;
}

// Returns false if the key is the end.
bool Screen::take_key() const {
  char key = 0;
  const ssize_t count = read(STDIN_FILENO, &key, 1);
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  return count == 1 && key != 'q' && key != 'Q';
}

bool Screen::wait(double seconds) {
  pollfd ready[] = {{signals_.get(), POLLIN, 0}, {keys_ ? STDIN_FILENO : -1, POLLIN, 0}};
  if (poll(ready, 2, static_cast<int>(seconds * 1000)) <= 0) return true;
  if (ready[0].revents != 0 && !take_signal()) return false;
  return ready[1].revents == 0 || take_key();
}

int Screen::finish() {
  leave();
  if (ended_by_ == 0 || ended_by_ == SIGINT) return 0;
  std::signal(ended_by_, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, ended_by_);
  raise(ended_by_);
  sigprocmask(SIG_UNBLOCK, &one, nullptr);
  return 1;
}

}  // namespace ums::command
