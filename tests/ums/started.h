// SPDX-License-Identifier: Apache-2.0
//
// Started: a program that a test has started, with pipes as its standard streams, in a process
// group of its own. `run` starts one, and waits for its end.
//
//     Started program({"cat"});
//     program.write("a\n");
//     EXPECT_EQ(program.line(), "a");
//     program.close_input();
//     EXPECT_EQ(program.wait(), 0);
//
// Thread safety: none.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace ums::test {

using Words = std::vector<std::string>;

// Replaces this process; as exec(3) does, it returns if it cannot.
inline void exec_words(const Words& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
}

class Started {
 public:
  // `in_child` runs before the program is executed.
  explicit Started(const Words& words, const std::function<void()>& in_child = {}) {
    int pipes[3][2];
    for (auto& ends : pipes) EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      setpgid(0, 0);
      dup2(pipes[0][0], 0);
      dup2(pipes[1][1], 1);
      dup2(pipes[2][1], 2);
      if (in_child) in_child();
      exec_words(words);
      _exit(127);
    }
    setpgid(pid_, pid_);
    close(pipes[0][0]);
    close(pipes[1][1]);
    close(pipes[2][1]);
    input_ = pipes[0][1];
    output_ = pipes[1][0];
    errors_ = pipes[2][0];
  }
  ~Started() {
    if (pid_ > 0) {
      kill(-pid_, SIGKILL);
      wait();
    }
    close_input();
    close(output_);
    close(errors_);
  }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;

  // Aborts if it has ended: kill(2) takes -1 for every process that there is.
  pid_t pid() const {
    if (pid_ <= 0) {
      std::fprintf(stderr, "the started program has ended\n");
      std::abort();
    }
    return pid_;
  }
  void write(const std::string& text) const {
    EXPECT_EQ(::write(input_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close_input() {
    if (input_ >= 0) close(input_);
    input_ = -1;
  }
  // The next line of its output, without the end of line; empty at the end of the output.
  std::string line() const { return text(output_, '\n'); }
  // What comes on its output, or its errors, until all who have it open have closed it.
  std::string output() const { return text(output_, '\0'); }
  std::string errors() const { return text(errors_, '\0'); }

  // Its wait status, when it has ended; `options`: or has stopped, or goes on.
  int wait(int options = 0) {
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, options), pid_);
    if (WIFEXITED(status) || WIFSIGNALED(status)) pid_ = -1;
    return status;
  }

 private:
  static std::string text(int fd, char end) {
    std::string all;
    for (char byte = 0; read(fd, &byte, 1) == 1 && byte != end;) all += byte;
    return all;
  }

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  int errors_ = -1;
};

// How a program ended, and what it said. Its input is empty.
struct Outcome {
  int status;
  std::string output;
  std::string errors;
};

inline Outcome run(const Words& words, const std::function<void()>& in_child = {}) {
  Started program(words, in_child);
  program.close_input();
  Outcome outcome{0, program.output(), program.errors()};
  const int status = program.wait();
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

}  // namespace ums::test
