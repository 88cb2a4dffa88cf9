// SPDX-License-Identifier: Apache-2.0
#include "bench/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace ums::bench {

namespace {

[[noreturn]] void execute(const Words& command, int output) {
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(kCannotServe);
}

}  // namespace

Program::Program(const Words& command) {
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) return;
  pid_ = fork();
  if (pid_ == 0) execute(command, output[1]);
  close(output[1]);
  output_ = output[0];
}

Program::~Program() { close(output_); }

int Program::wait() const {
  int status = -1;
  if (pid_ < 0 || waitpid(pid_, &status, 0) != pid_) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string Program::printed() const {
  std::string all;
  char text[256];
  for (ssize_t count = 0; (count = read(output_, text, sizeof text)) > 0;) {
    all.append(text, static_cast<std::size_t>(count));
  }
  return all;
}

Sample without_value(int status, const std::string& printed) {
  const std::string reason = printed.substr(0, printed.find('\n'));
  return status == kCannotServe ? Sample::unavailable(reason) : Sample::failed(reason);
}

Sample number_of(const Words& command) {
  const Program program(command);
  const std::string printed = program.printed();
  const int status = program.wait();
  char* end = nullptr;
  const double value = std::strtod(printed.c_str(), &end);
  if (status != 0 || end == printed.c_str()) return without_value(status, printed);
  return Sample::measured(value);
}

}  // namespace ums::bench
