// SPDX-License-Identifier: Apache-2.0
#include "ums_api/program/fork_server.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include "sim_kernel/base/kassert.h"
#include "sim_kernel/simulated/simulation.h"
#include "ums_api/explore/exhaustive_strategy.h"
#include "ums_api/explore/make_strategy.h"
#include "ums_api/explore/replay_strategy.h"
#include "ums_api/program/child_watch.h"
#include "ums_api/program/orphans.h"
#include "ums_api/program/program_cpus.h"
#include "ums_api/program/program_execution.h"
#include "ums_api/simulated/not_controlled.h"

namespace ums::api {

namespace {

using explore::make_in_arena;
using explore::ReplayStrategy;
using explore::Strategy;

// Of the child.
ProgramExecution* own_execution = nullptr;

// The watch asks for it (child_watch.h).
void tell_where_it_hangs(int) {
  own_execution->note_hang();
  _exit(EXIT_FAILURE);
}

// The second time, the signal ends the process.
void tell_where_it_crashes(int) { own_execution->note_end_here(); }

// After all that the program does when it exits, the destructors of its libraries included: it is
// registered before any of that.
void look_for_leaks(int status, void*) {
  if (status == EXIT_SUCCESS) own_execution->note_leaks();
}

void handle(int signal, int flags, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags | SA_ONSTACK;
  sigaction(signal, &action, nullptr);
}

// What the program does about them instead, takes their place. They run on a stack of their own: a
// task's may be full.
void handle_ends() {
  static char memory[std::size_t{64} * 1024];
  const stack_t stack{memory, 0, sizeof memory};
  sigaltstack(&stack, nullptr);
  handle(kTellSignal, 0, tell_where_it_hangs);
  for (const int signal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV}) {
    handle(signal, static_cast<int>(SA_RESETHAND), tell_where_it_crashes);
  }
}

// What happens in the child is noted.
void listen() {
  on_exit(look_for_leaks, nullptr);
  pthread_atfork(
      nullptr, [] { own_execution->note_fork(); }, nullptr);
  on_not_controlled = [](const char* name) noexcept { own_execution->note_not_controlled(name); };
  kernel::on_misuse = [](const kernel::Misuse& kind, std::string_view what) noexcept {
    own_execution->note_report(kind, what);
  };
  kernel::on_race = [](const kernel::RaceReport& race) noexcept { own_execution->note_race(race); };
  kernel::on_livelock = [](const kernel::Livelock& livelock) noexcept {
    own_execution->note_livelock(livelock);
  };
}

class ForkServer {
 public:
  explicit ForkServer(int socket) : socket_(socket), input_(fdopen(dup(socket), "r")) {
    cpus_.quantum = 0;  // strategies decide
  }

  // Serves until there is a child, and returns there.
  void serve();

 private:
  bool take_request();
  bool run(Strategy& strategy, const Wanted& wanted);
  void become_execution(ProgramExecution& execution) const;
  void answer(const ProgramExecution& execution, const ChildEnd& end, const Strategy& strategy);
  void send(std::string_view text) const;
  bool take_replay(std::istringstream& words);
  bool take_next();

  const int socket_;
  std::FILE* const input_;
  kernel::CpuOptions cpus_ = cpus_of_environment();
  std::unique_ptr<Strategy> strategy_;
  std::unique_ptr<ReplayStrategy> replay_;
  std::uint64_t steps_max_ = 0;
  int patience_ms_ = 0;
};

// True: this is the child.
bool ForkServer::take_request() {
  char* line = nullptr;
  std::size_t size = 0;
  if (getline(&line, &size, input_) < 0) _exit(EXIT_SUCCESS);  // nobody explores any more
  std::istringstream words{std::string(line)};
  std::free(line);
  std::string what;
  words >> what;
  if (what == "next") return take_next();
  if (what == "replay") return take_replay(words);
  if (what == "limits") {
    words >> steps_max_ >> patience_ms_;
  } else {
    std::string name;
    std::uint64_t seed = 0;
    words >> name >> seed;
    strategy_ = explore::make_strategy(name, seed);
    kassert(strategy_ != nullptr, "there is no strategy {}", name);
  }
  return false;
}

bool ForkServer::take_next() {
  if (strategy_->new_execution()) return run(*strategy_, {steps_max_});
  send("done\n.\n");
  return false;
}

bool ForkServer::take_replay(std::istringstream& words) {
  std::string text;
  std::string steps;
  Wanted wanted{steps_max_};
  words >> text >> steps;
  wanted.steps = steps != "-";
  for (std::uint64_t& step : wanted.stacks) {
    if (!(words >> step)) step = kNoStep;
  }
  const auto schedule = explore::Schedule::from_string(text == "-" ? "" : text);
  kassert(schedule.has_value(), "'{}' is no schedule", text);
  replay_ = std::make_unique<ReplayStrategy>(*schedule);
  static_cast<void>(replay_->new_execution());
  return run(*replay_, wanted);
}

bool ForkServer::run(Strategy& strategy, const Wanted& wanted) {
  auto* const execution = make_in_arena<ProgramExecution>(strategy, wanted);
  std::fflush(nullptr);
  const pid_t child = fork();
  kassert(child >= 0, "cannot fork: errno {}", errno);
  if (child == 0) {
    become_execution(*execution);
    return true;
  }
  const ChildEnd end = watch_child(child, *execution, patience_ms_);
  kill_orphans();
  if (explore::arena_is_full()) _exit(EXIT_FAILURE);  // no fault of the program; it has been said
  answer(*execution, end, strategy);
  explore::destroy_in_arena(execution);
  return false;
}

void ForkServer::become_execution(ProgramExecution& execution) const {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::fclose(input_);
  close(socket_);
  own_execution = &execution;
  execution.begin();
  handle_ends();
  listen();
  if (execution.wants_steps()) {
    kernel::trace_listen(
        [](const kernel::TraceRecord& record) { own_execution->note_event(record); });
  }
  kassert(kernel::simulation_begin(execution, cpus_).ok(), "no memory for a simulation");
}

void ForkServer::answer(const ProgramExecution& execution, const ChildEnd& end,
                        const Strategy& strategy) {
  std::string text;
  const auto out = std::back_inserter(text);
  const explore::Counts& counts = execution.counts();
  fmt::format_to(out, "{}\ncounts {} {} {:x}\n", end.text(), counts.steps, counts.preemptions,
                 counts.path);
  fmt::format_to(out, "schedule {}\n", execution.schedule().to_string());
  if (!execution.executed().empty()) {
    fmt::format_to(out, "executed {}\n", std::string_view(execution.executed()));
  }
  if (execution.forks()) text += "forks\n";
  if (const auto* replay = dynamic_cast<const ReplayStrategy*>(&strategy)) {
    if (replay->has_strayed()) text += "strayed\n";
    if (replay->has_turns_left()) text += "unfinished\n";
  }
  if (const auto* all = dynamic_cast<const explore::ExhaustiveStrategy*>(&strategy)) {
    fmt::format_to(out, "left {}\n", all->left());
  }
  text.append(execution.notes());
  text += ".\n";
  send(text);
}

void ForkServer::send(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) _exit(EXIT_SUCCESS);
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void ForkServer::serve() {
  while (!take_request()) {
  }
}

}  // namespace

void note_executed(const char* path) noexcept {
  if (own_execution != nullptr) own_execution->note_executed(path);
}

void serve_executions(int socket) {
  adopt_orphans();
  auto* const server = new ForkServer(socket);  // never destroyed: the child's strategy is its
  server->serve();
}

}  // namespace ums::api
