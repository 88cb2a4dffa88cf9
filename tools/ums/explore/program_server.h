// SPDX-License-Identifier: Apache-2.0
//
// ProgramServer: a program in whose process the simulated machine's fork server waits
// (ums_api/program/fork_server.h), and which runs it as often as it is asked to.
//
//     ProgramServer server(command, {strategy, limits, output});
//     server.ask_next();  ...  std::optional<Outcome> outcome = server.answer();
//     Outcome again = server.replay(outcome->schedule);
//
// All executions of a server find the same addresses: they are forked from one process.
//
// Thread safety: one thread.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/ums/descriptor.h"
#include "tools/ums/explore/outcome.h"

namespace ums::command {

// What is asked of each execution.
struct Limits {
  std::uint64_t steps = 1'000'000;
  double seconds = 5;  // without a step
};

struct StrategyChoice {
  std::string name = "default";  // as make_strategy.h has them
  std::uint64_t seed = 0;
};

// Which steps' stacks are noted.
using StackSteps = std::array<std::uint64_t, 2>;

// The process has ended before an answer: what it has said of that is in its output.
class ServerDied : public std::runtime_error {
 public:
  explicit ServerDied(const std::string& end)
      : std::runtime_error("the program cannot be run in the simulated machine: its process " +
                           end) {}
};

class ProgramServer {
 public:
  // `output`: the file that the program's standard output and error go to; none: to ours, and its
  // standard input is ours. Throws std::exception.
  ProgramServer(const std::vector<std::string>& command, const Limits& limits,
                std::optional<int> output);
  ~ProgramServer();
  ProgramServer(const ProgramServer&) = delete;
  ProgramServer& operator=(const ProgramServer&) = delete;

  void use_strategy(const StrategyChoice& strategy);

  void ask_next();
  // None: the strategy has seen all. Throws ServerDied, and std::runtime_error if the program has
  // executed another.
  std::optional<Outcome> answer();
  // Readable when an answer comes.
  int descriptor() const { return socket_.get(); }

  Outcome replay(const std::string& schedule);
  Outcome replay_traced(const std::string& schedule, std::optional<StackSteps> stacks = {});

 private:
  void send(const std::string& line);
  std::string read_line();
  std::string how_it_ended() const;

  Descriptor socket_;
  pid_t process_ = 0;
  std::string buffer_;  // read, and not taken yet
};

}  // namespace ums::command
