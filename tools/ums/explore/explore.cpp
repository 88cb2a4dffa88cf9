// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/explore.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "tools/ums/explore/explain.h"
#include "tools/ums/explore/instrumented.h"
#include "tools/ums/explore/progress.h"
#include "tools/ums/explore/replay_string.h"
#include "tools/ums/explore/report.h"
#include "tools/ums/explore/simulated_program.h"
#include "tools/ums/explore/trace_file.h"
#include "tools/ums/preloadable.h"

namespace ums::command {
namespace {

// What a program prints, of which the last execution's is kept.
class OutputFile {
 public:
  OutputFile() : file_(memfd_create("output", MFD_CLOEXEC)) {
    if (!file_) throw std::system_error(errno, std::generic_category(), "cannot make a file");
    fcntl(file_.get(), F_SETFL, O_APPEND);
  }
  int descriptor() const { return file_.get(); }
  void clear() { [[maybe_unused]] const int error = ftruncate(file_.get(), 0); }

  // At most the last few KiB.
  std::string text() const {
    constexpr off_t kBytesMax = 4096;
    const off_t size = lseek(file_.get(), 0, SEEK_END);
    std::string bytes(static_cast<std::size_t>(std::min(size, kBytesMax)), '\0');
    const off_t from = size - static_cast<off_t>(bytes.size());
    const ssize_t got = pread(file_.get(), bytes.data(), bytes.size(), from);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }

 private:
  Descriptor file_;
};

// A process that runs the program under a strategy of its own.
struct Job {
  Job(const ExploreOptions& options, int index)
      : server(options.command, options.limits, output.descriptor()) {
    StrategyChoice strategy = options.strategy;
    strategy.seed += static_cast<std::uint64_t>(index);
    server.use_strategy(strategy);
  }

  OutputFile output;
  ProgramServer server;
  bool is_running = false;
};

// As a shell reads it as one word.
std::string quoted(const std::string& word) {
  constexpr const char* kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./=:,+@%-";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (const char character : word)
    text += character == '\'' ? std::string("'\\''") : std::string(1, character);
  return text + "'";
}

std::string command_text(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) text += " " + quoted(word);
  return text;
}

class Explorer {
 public:
  explicit Explorer(const ExploreOptions& options)
      : options_(options),
        program_(find_program(options.command[0])),
        symbols_(program_),
        progress_(options.iterations, options.seconds) {}

  int run();
  int self_check();

 private:
  bool is_over() const;
  bool is_enough() const;
  void start(Job& job);
  void take_answers();
  void take(Job& job, const Outcome& outcome);
  void check_determinism(Job& job, const Outcome& first);
  void tell_failure(const Job& job, const Outcome& outcome);
  void tell_replay(const std::string& schedule);
  void tell_steps() const;
  void tell_trace(const Outcome& outcome);
  void tell_end();

  const ExploreOptions& options_;
  const std::string program_;
  Symbols symbols_;
  Progress progress_;
  std::vector<std::unique_ptr<Job>> jobs_;
  std::uint64_t asked_ = 0;
  std::uint64_t failures_ = 0;
  bool seen_all_ = false;
  std::optional<std::string> last_;  // schedule
};

// What is under way does not matter any more.
bool Explorer::is_over() const {
  if (failures_ > 0 && !options_.all) return true;
  return options_.seconds > 0 && progress_.seconds() >= options_.seconds;
}

bool Explorer::is_enough() const {
  return is_over() || seen_all_ || (options_.iterations > 0 && asked_ >= options_.iterations);
}

void Explorer::start(Job& job) {
  ++asked_;
  job.output.clear();
  job.server.ask_next();
  job.is_running = true;
}

// The same schedule has to lead to the same steps.
void Explorer::check_determinism(Job& job, const Outcome& first) {
  const Outcome again = job.server.replay(first.schedule);
  if (again.path == first.path && again.steps == first.steps) return;
  progress_.clear();
  std::printf(
      "Note: the first schedule made %llu steps, and again %llu: something else than the schedule\n"
      "decides, too (time, process ids, files). Failures may not come again.\n",
      static_cast<unsigned long long>(first.steps), static_cast<unsigned long long>(again.steps));
}

void Explorer::tell_replay(const std::string& schedule) {
  const bool is_usual = options_.limits.steps == Limits().steps;
  const std::string word = ReplayString{hash_of_program(program_), schedule,
                                        is_usual ? 0 : options_.limits.steps, options_.cpus}
                               .text();
  if (!options_.output.empty()) {
    std::ofstream file(options_.output);
    if (!(file << word << "\n").flush()) {
      throw std::system_error(errno, std::generic_category(), "cannot write " + options_.output);
    }
    std::printf("\nSee it again:  ums replay %s --%s\n", quoted(options_.output).c_str(),
                command_text(options_.command).c_str());
  } else {
    std::printf("\nSee it again:  ums replay %s --%s\n", word.c_str(),
                command_text(options_.command).c_str());
  }
}

void Explorer::tell_trace(const Outcome& outcome) {
  if (options_.trace.empty()) return;
  Report report(symbols_);
  write_trace(options_.trace, outcome, report);
  std::printf("\nIts trace is in %s: open it in Perfetto (ui.perfetto.dev) or about:tracing.\n",
              options_.trace.c_str());
}

void Explorer::tell_failure(const Job& job, const Outcome& outcome) {
  progress_.clear();
  std::printf("Schedule %llu failed.\n", static_cast<unsigned long long>(progress_.schedules()));
  if (const std::string said = job.output.text(); !said.empty()) {
    std::printf("The program said:\n%s\n", said.c_str());
  }
  std::printf("\n");
  OutputFile ignored;
  ProgramServer server(options_.command, options_.limits, ignored.descriptor());
  const Explanation explanation = explain(server, outcome, symbols_);
  std::printf("%s", explanation.text.c_str());
  if (!explanation.comes_again) {
    std::printf("\nIt does not come again by its schedule: something else decides, too.\n");
  }
  if (explanation.comes_again) tell_trace(explanation.outcome);
  tell_replay(explanation.schedule);
  std::fflush(stdout);
}

void Explorer::take(Job& job, const Outcome& outcome) {
  progress_.note(outcome);
  last_ = outcome.schedule;
  if (progress_.schedules() == 1 && !outcome.failed()) check_determinism(job, outcome);
  if (!outcome.failed()) return;
  if (++failures_ == 1 || options_.all) tell_failure(job, outcome);
}

void Explorer::take_answers() {
  std::vector<pollfd> ready;
  for (const auto& job : jobs_) {
    ready.push_back({job->is_running ? job->server.descriptor() : -1, POLLIN, 0});
  }
  if (poll(ready.data(), ready.size(), -1) < 0) return;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (ready[i].revents == 0) continue;
    Job& job = *jobs_[i];
    job.is_running = false;
    const std::optional<Outcome> outcome = job.server.answer();
    seen_all_ |= !outcome.has_value();
    if (outcome.has_value()) take(job, *outcome);
    if (!is_enough()) start(job);
  }
}

void Explorer::tell_end() {
  if (failures_ == 0 && last_.has_value() && !options_.trace.empty()) {
    tell_trace(jobs_[0]->server.replay_traced(*last_));
  }
  std::printf("%s: %s\n", progress_.text().c_str(),
              failures_ == 0 ? (seen_all_ ? "no failure, and there are no others" : "no failure")
                             : fmt::format("{} failed", failures_).c_str());
  if (failures_ == 0 && progress_.schedules() > 1 && progress_.distinct() == 1) {
    std::printf("Note: all were the same: nothing in this program can happen in another order.\n");
  }
}

// Two runs of one schedule have the same trace.
int Explorer::self_check() {
  Job job(options_, 0);
  job.server.ask_next();
  const std::string schedule = job.server.answer().value().schedule;
  Report report(symbols_);
  const Outcome first = job.server.replay_traced(schedule);
  const Outcome second = job.server.replay_traced(schedule);
  if (trace_json(first, report) == trace_json(second, report)) {
    std::printf("Two runs of one schedule agree: %zu steps.\n", first.trace.size());
    return kNothingFound;
  }
  std::fputs(report.first_difference(first, second).c_str(), stdout);
  return kFailureFound;
}

void Explorer::tell_steps() const {
  std::printf(
      "Others may go on at calls of threads and of the device%s.\n",
      is_instrumented(program_) ? ", and at each access of memory" : ", and at ums_sim_point()");
}

int Explorer::run() {
  tell_steps();
  for (int i = 0; i < options_.jobs; ++i) jobs_.push_back(std::make_unique<Job>(options_, i));
  for (const auto& job : jobs_) {
    if (!is_enough()) start(*job);
  }
  const auto is_running = [](const auto& job) { return job->is_running; };
  while (std::any_of(jobs_.begin(), jobs_.end(), is_running) && !is_over()) take_answers();
  progress_.clear();
  tell_end();
  return failures_ > 0 ? kFailureFound : kNothingFound;
}

}  // namespace

int run_explore(const ExploreOptions& options) {
  prepare_simulated(options.command[0], options.cpus);
  Explorer explorer(options);
  return options.self_check ? explorer.self_check() : explorer.run();
}

}  // namespace ums::command
