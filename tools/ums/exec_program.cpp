// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/exec_program.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ums::command {

void complain(const std::string& text) {
  const std::string line = "ums run: " + text + "\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

int exec_program(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  const int error = errno;
  complain(fmt::format("'{}': {}", command[0], std::strerror(error)));
  return error == ENOENT ? kNotFound : kNotExecutable;
}

}  // namespace ums::command
