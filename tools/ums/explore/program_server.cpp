// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/program_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "tools/ums/path_server.h"

namespace ums::command {
namespace {

bool can_show_paths() {
  const std::string fault = path_fault();
  if (!fault.empty()) fmt::print(stderr, "Note: {}.\n", fault);
  return fault.empty();
}

// In the child: everything that it shall find. It stays, and looks as if it were the program.
[[noreturn]] void become_server(const std::vector<std::string>& command, int socket,
                                std::optional<int> output, bool shows_paths) {
  const int inherited = fcntl(socket, F_DUPFD, 3);
  setenv("UMS_EXPLORE", std::to_string(inherited).c_str(), 1);
  if (output.has_value()) {
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(*output, STDOUT_FILENO);
    dup2(*output, STDERR_FILENO);
  }
  PathServer paths(shows_paths);
  _exit(run_front(command, paths));
}

}  // namespace

ProgramServer::ProgramServer(const std::vector<std::string>& command, const Limits& limits,
                             std::optional<int> output) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a socket");
  }
  socket_.reset(sockets[0]);
  const Descriptor its(sockets[1]);
  static const bool shows_paths = can_show_paths();  // said once
  process_ = fork();
  if (process_ < 0) throw std::system_error(errno, std::generic_category(), "cannot fork");
  if (process_ == 0) become_server(command, its.get(), output, shows_paths);
  send(fmt::format("limits {} {}", limits.steps, static_cast<int>(limits.seconds * 1000)));
}

// It may be in the middle of a run.
ProgramServer::~ProgramServer() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

void ProgramServer::use_strategy(const StrategyChoice& strategy) {
  send(fmt::format("strategy {} {}", strategy.name, strategy.seed));
}

void ProgramServer::ask_next() { send("next"); }

void ProgramServer::send(const std::string& line) {
  const std::string text = line + "\n";
  // One that has died is noticed when its answer does not come.
  [[maybe_unused]] const ssize_t sent =
      ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

// How the process has ended, which does not answer any more. The destructor takes it.
std::string ProgramServer::how_it_ended() const {
  constexpr int kTriesMax = 100;  // it may still be about to
  siginfo_t info{};
  for (int i = 0; i < kTriesMax && info.si_pid == 0; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) break;
  }
  if (info.si_pid == 0) return "does not answer";
  if (info.si_code == CLD_EXITED) return fmt::format("ended with status {}", info.si_status);
  return fmt::format("was ended by signal {} ({})", info.si_status, strsignal(info.si_status));
}

std::string ProgramServer::read_line() {
  std::size_t end;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    char bytes[4096];
    const ssize_t got = recv(socket_.get(), bytes, sizeof bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw ServerDied(how_it_ended());
    buffer_.append(bytes, static_cast<std::size_t>(got));
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

std::optional<Outcome> ProgramServer::answer() {
  std::vector<std::string> lines;
  for (std::string line = read_line(); line != "."; line = read_line()) lines.push_back(line);
  if (lines.size() == 1 && lines[0] == "done") return {};
  Outcome outcome = parse_outcome(lines);
  if (outcome.executed.empty()) return outcome;
  throw std::runtime_error(
      fmt::format("the program executes another, '{}', which is not explored: name that one",
                  outcome.executed));
}

Outcome ProgramServer::replay(const std::string& schedule) {
  send(fmt::format("replay {} -", schedule.empty() ? "-" : schedule));
  return answer().value();
}

Outcome ProgramServer::replay_traced(const std::string& schedule,
                                     std::optional<StackSteps> stacks) {
  std::string line = fmt::format("replay {} steps", schedule.empty() ? "-" : schedule);
  if (stacks.has_value()) line += fmt::format(" {} {}", (*stacks)[0], (*stacks)[1]);
  send(line);
  return answer().value();
}

}  // namespace ums::command
