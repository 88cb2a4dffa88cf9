// SPDX-License-Identifier: Apache-2.0
//
// What a program pays under the kernel process: UMS calls without user memory, with one copy and
// with two, a whole cycle, path calls that are not ours, the start of a program, and the kernel
// process's memory for a suspended call. A program of its own measures (client/), under `ums run`
// or without; caller and kernel process share the one CPU that everything is pinned to.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/rows.h"

namespace ums::bench {
namespace {

using Words = std::vector<std::string>;

constexpr int kCannotServe = 125;  // `ums run` itself has failed
constexpr int kStarts = 20;

Words served(const Words& program) {
  Words command = {UMS_BENCH_COMMAND, "run", "--"};
  command.insert(command.end(), program.begin(), program.end());
  return command;
}

// A program that has been started, and what it prints.
class Program {
 public:
  explicit Program(const Words& command) {
    int output[2];
    if (pipe2(output, O_CLOEXEC) != 0) return;
    pid_ = fork();
    if (pid_ == 0) execute(command, output[1]);
    close(output[1]);
    output_ = output[0];
  }
  ~Program() { close(output_); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Waits for its end. Returns its exit status, -1 for another end.
  int wait() const {
    int status = -1;
    if (pid_ < 0 || waitpid(pid_, &status, 0) != pid_) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // All that it and its kernel process print. Waits until both have ended.
  std::string printed() const {
    std::string all;
    char text[256];
    for (ssize_t count = 0; (count = read(output_, text, sizeof text)) > 0;) {
      all.append(text, static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  [[noreturn]] static void execute(const Words& command, int output) {
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(kCannotServe);
  }

  pid_t pid_ = -1;
  int output_ = -1;
};

// The first line of a complaint.
Sample without_value(int status, const std::string& printed) {
  const std::string reason = printed.substr(0, printed.find('\n'));
  return status == kCannotServe ? Sample::unavailable(reason) : Sample::failed(reason);
}

// The number that the program prints.
Sample number_of(const Words& command) {
  const Program program(command);
  const std::string printed = program.printed();
  const int status = program.wait();
  char* end = nullptr;
  const double value = std::strtod(printed.c_str(), &end);
  if (status != 0 || end == printed.c_str()) return without_value(status, printed);
  return Sample::measured(value);
}

// From the start of `true` to its end; the mean of some in a row.
Sample nanoseconds_of_start(const Words& command) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kStarts; ++i) {
    const Program program(command);
    const int status = program.wait();
    if (status != 0) return without_value(status, program.printed());
  }
  const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - begin;
  return Sample::measured(passed.count() / kStarts);
}

void add_served(RowTable& table, const std::string& measurement, std::string_view what) {
  table.add({"served_" + measurement, kServed, what, 1, Unit::kNanoseconds}, [measurement] {
    return number_of(served({UMS_BENCH_CLIENT, measurement}));
  });
}

void add_host(RowTable& table, const std::string& measurement, std::string_view what) {
  table.add({"host_" + measurement, kServed, what, 1, Unit::kNanoseconds}, [measurement] {
    return number_of({UMS_BENCH_CLIENT, measurement});
  });
}

}  // namespace

void add_served_rows(RowTable& table) {
  add_served(table, "delete", "UMS call without user memory (DELETE)");
  add_served(table, "create", "UMS call with one copy (CREATE)");
  add_served(table, "next", "UMS call with two copies (NEXT)");
  add_served(table, "cycle", "UMS, full cycle of five calls, 2 workers");
  add_served(table, "openat", "open + close of a host file");
  add_host(table, "openat", "the same without kernel process");
  add_served(table, "stat", "stat of a host file");
  add_host(table, "stat", "the same without kernel process");
  const Words program = {"/bin/true"};
  table.add({"served_start", kServed, "start and end of `true`", 1, Unit::kNanoseconds},
            [program] { return nanoseconds_of_start(served(program)); });
  table.add({"host_start", kServed, "the same without kernel process", 1, Unit::kNanoseconds},
            [program] { return nanoseconds_of_start(program); });
}

void add_served_memory_rows(RowTable& table) {
  table.add({"served_memory", kMemory, "kernel process, a suspended call", 2'000, Unit::kBytes},
            [] {
              return number_of(served({UMS_BENCH_CLIENT, "memory"}));
            });
}

}  // namespace ums::bench
