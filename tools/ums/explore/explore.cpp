// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/explore.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "tools/ums/explore/explain.h"
#include "tools/ums/explore/instrumented.h"
#include "tools/ums/explore/progress.h"
#include "tools/ums/explore/remarks.h"
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

  // At most the last few KiB, from the beginning of a line on if there is one.
  std::string text() const {
    constexpr off_t kBytesMax = 4096;
    const off_t size = lseek(file_.get(), 0, SEEK_END);
    std::string bytes(static_cast<std::size_t>(std::min(size, kBytesMax)), '\0');
    const off_t from = size - static_cast<off_t>(bytes.size());
    const ssize_t got = pread(file_.get(), bytes.data(), bytes.size(), from);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    if (from == 0) return bytes;
    const std::size_t end = bytes.substr(0, bytes.size() - 1).find('\n');
    return "(the last 4 KiB)\n" + (end == std::string::npos ? bytes : bytes.substr(end + 1));
  }

 private:
  Descriptor file_;
};

// A process that runs the program under a strategy of its own.
struct Job {
  Job(const ExploreOptions& options, int index)
      : server(options.command, options.limits, output.descriptor()) {
    server.use_strategy(strategy_of(options.strategy, index));
  }

  // Jobs have seeds of their own, and only the first one makes the execution that has none.
  static StrategyChoice strategy_of(StrategyChoice strategy, int index) {
    strategy.seed += static_cast<std::uint64_t>(index);
    if (index > 0 && strategy.name == "default") strategy.name = "default-again";
    return strategy;
  }

  OutputFile output;
  ProgramServer server;
  bool is_running = false;
};

// As a shell reads it as one word.
std::string shell_word(const std::string& word) {
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
  for (const std::string& word : command) text += " " + shell_word(word);
  return text;
}

// Above that a replay string goes to a file: a line of it is no use to anybody.
constexpr std::size_t kWordMax = 2000;

std::string name_for_file(const std::string& program) {
  return std::filesystem::path(program).filename().string() + ".replay";
}

// Before there is something to write. Throws std::system_error.
void check_writable(const std::string& path, const std::string& what) {
  if (path.empty()) return;
  const bool is_new = !std::filesystem::exists(path);
  const std::ofstream file(path, std::ios::app);
  if (!file) throw std::system_error(errno, std::generic_category(), "cannot write " + what + path);
  if (is_new) std::filesystem::remove(path);
}

// In digits that do not sound more exact than an estimate is. `share`: from 0 to 1.
std::string text_of_share(double share) {
  if (share > 0.99) return "More than 99 %";
  if (share < 0.01) return "Less than 1 %";
  return fmt::format("About {:.0f} %", 100 * share);
}

volatile std::sig_atomic_t was_interrupted = 0;

// Ctrl-C ends the exploration with what it has found; a second one ends it at once.
void notice_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { was_interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
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

  // What the library has said of a program that it cannot run.
  void tell_why_died() const;

 private:
  bool is_over() const;
  bool is_enough() const;
  void start(Job& job);
  void take_answers();
  void take(Job& job, const Outcome& outcome);
  void check_determinism(Job& job, const Outcome& first);
  Explanation explain_failure(const Outcome& outcome);
  void tell_failure(const Job& job, const Outcome& outcome);
  void tell_replay(const std::string& schedule);
  void explore();
  void tell_steps() const;
  void tell_trace(const Outcome& outcome);
  std::string text_of_sameness() const;
  std::string text_of_success() const;
  void tell_end();

  const ExploreOptions& options_;
  const std::string program_;
  Symbols symbols_;
  Progress progress_;
  Remarks remarks_;
  std::vector<std::unique_ptr<Job>> jobs_;
  std::uint64_t asked_ = 0;
  std::uint64_t failures_ = 0;
  bool seen_all_ = false;
  std::optional<std::string> last_;  // schedule
};

// What is under way does not matter any more.
bool Explorer::is_over() const {
  if (was_interrupted != 0) return true;
  if (failures_ > 0 && !options_.all) return true;
  return options_.seconds > 0 && progress_.seconds() >= options_.seconds;
}

bool Explorer::is_enough() const {
  return is_over() || seen_all_ || (options_.iterations > 0 && asked_ >= options_.iterations);
}

void Explorer::start(Job& job) {
  ++asked_;
  job.server.ask_next();
  job.is_running = true;
}

// The same schedule has to lead to the same steps.
void Explorer::check_determinism(Job& job, const Outcome& first) {
  const Outcome again = job.server.replay(first.schedule);
  if (again.path == first.path && again.steps == first.steps) return;
  progress_.clear();
  std::printf(
      "Note: the first schedule made %llu steps, and again %llu%s: something else than the "
      "schedule\n"
      "decides, too (time, process ids, files). Failures may not come again.\n",
      static_cast<unsigned long long>(first.steps), static_cast<unsigned long long>(again.steps),
      again.steps == first.steps ? " others" : "");
}

void Explorer::tell_replay(const std::string& schedule) {
  const bool is_usual = options_.limits.steps == Limits().steps;
  const std::string word = ReplayString{hash_of_program(program_), schedule,
                                        is_usual ? 0 : options_.limits.steps, options_.cpus}
                               .text();
  std::string file = options_.output;
  if (file.empty() && word.size() > kWordMax) file = name_for_file(program_);
  const bool is_written = !file.empty() && (std::ofstream(file) << word << "\n").flush();
  if (!file.empty() && !is_written) std::printf("\nCannot write %s.\n", file.c_str());
  std::printf("\nSee it again:  ums replay %s --%s\n",
              is_written ? shell_word(file).c_str() : word.c_str(),
              command_text(options_.command).c_str());
}

void Explorer::tell_trace(const Outcome& outcome) {
  if (options_.trace.empty()) return;
  Report report(symbols_);
  write_trace(options_.trace, outcome, report);
  std::printf("\nIts trace is in %s: open it in Perfetto (ui.perfetto.dev) or about:tracing.\n",
              options_.trace.c_str());
}

Explanation Explorer::explain_failure(const Outcome& outcome) {
  OutputFile said;
  ProgramServer server(options_.command, options_.limits, said.descriptor());
  Explanation explanation;
  try {
    explanation = explain(server, outcome, symbols_);
  } catch (const ServerDied&) {  // of memory for long traces, or ended by somebody
    explanation = {Report(symbols_).failure(outcome) + "\n" + said.text(), {}, outcome.schedule};
    return explanation;
  }
  if (!explanation.comes_again) {
    explanation.text += "\nIt does not come again by its schedule: something else decides, too.\n";
  }
  return explanation;
}

void Explorer::tell_failure(const Job& job, const Outcome& outcome) {
  progress_.clear();
  std::printf("Schedule %llu failed.\n", static_cast<unsigned long long>(progress_.schedules()));
  if (const std::string said = job.output.text(); !said.empty()) {
    std::printf("The program said:\n");
    std::fwrite(said.data(), 1, said.size(), stdout);
    std::printf("\n");
  }
  std::printf("\n");
  std::fflush(stdout);  // what follows takes its time
  const Explanation explanation = explain_failure(outcome);
  std::printf("%s", explanation.text.c_str());
  remarks_.told(outcome);
  if (explanation.comes_again) tell_trace(explanation.outcome);
  tell_replay(explanation.schedule);
  std::fflush(stdout);
}

void Explorer::take(Job& job, const Outcome& outcome) {
  progress_.note(outcome);
  remarks_.note(outcome);
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
    job.output.clear();
    if (!is_enough()) start(job);
  }
}

// Of a program that runs the same way whatever is tried. Few tries tell nothing.
std::string Explorer::text_of_sameness() const {
  constexpr std::uint64_t kSchedulesMin = 10;
  const bool is_sampled = options_.strategy.name != "round-robin";
  if (!is_sampled || progress_.schedules() < kSchedulesMin || progress_.distinct() > 1 ||
      remarks_.are_any()) {
    return "";
  }
  if (options_.cpus.count > 0) {
    return "Note: all were the same: virtual time leaves one order on these CPUs.\n";
  }
  if (is_instrumented(program_)) {
    return "Note: all were the same: nothing in this program can happen in another order.\n";
  }
  return "Note: all were the same: at its calls nothing can happen in another order; compiled by\n"
         "-fsanitize=thread, accesses of memory would be steps too.\n";
}

// How much it says that nothing has failed.
std::string Explorer::text_of_success() const {
  const std::string& strategy = options_.strategy.name;
  if (!seen_all_) return "no failure";
  if (strategy == "round-robin") return "no failure, and round robin has no others";
  const std::size_t bound = strategy.find(':');
  if (bound == std::string::npos) return "no failure, and there are no others";
  return fmt::format("no failure, and there are no others of at most {} preemptions",
                     strategy.substr(bound + 1));
}

void Explorer::tell_end() {
  if (failures_ == 0 && last_.has_value() && !options_.trace.empty() && was_interrupted == 0) {
    tell_trace(jobs_[0]->server.replay_traced(*last_));
  }
  std::printf(
      "%s: %s%s\n", progress_.text().c_str(), was_interrupted != 0 ? "interrupted, " : "",
      failures_ == 0 ? text_of_success().c_str() : fmt::format("{} failed", failures_).c_str());
  if (!seen_all_ && progress_.left() >= 0) {
    std::printf("%s of all are left.\n", text_of_share(progress_.left()).c_str());
  }
  std::fputs(remarks_.text(symbols_).c_str(), stdout);
  if (failures_ == 0) std::fputs(text_of_sameness().c_str(), stdout);
}

// Two runs of one schedule have the same trace.
int Explorer::self_check() {
  Job& job = *jobs_.emplace_back(std::make_unique<Job>(options_, 0));
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
  std::fflush(stdout);
}

void Explorer::tell_why_died() const {
  for (const auto& job : jobs_) {
    const std::string said = job->output.text();
    if (said.empty()) continue;
    std::fwrite(said.data(), 1, said.size(), stderr);
    return;
  }
}

void Explorer::explore() {
  for (const auto& job : jobs_) {
    if (!is_enough()) start(*job);
  }
  const auto is_running = [](const auto& job) { return job->is_running; };
  while (std::any_of(jobs_.begin(), jobs_.end(), is_running) && !is_over()) take_answers();
}

int Explorer::run() {
  check_writable(options_.output, "");
  check_writable(options_.trace, "the trace to ");
  tell_steps();
  notice_interrupts();
  for (int i = 0; i < options_.jobs; ++i) jobs_.push_back(std::make_unique<Job>(options_, i));
  try {
    explore();
  } catch (const ServerDied&) {
    if (was_interrupted == 0) throw;  // else it has been ended, too
  }
  progress_.clear();
  tell_end();
  if (was_interrupted != 0) return kInterrupted;
  return failures_ > 0 ? kFailureFound : kNothingFound;
}

}  // namespace

int run_explore(const ExploreOptions& options) {
  prepare_simulated(options.command[0], options.cpus);
  Explorer explorer(options);
  try {
    return options.self_check ? explorer.self_check() : explorer.run();
  } catch (const ServerDied&) {
    explorer.tell_why_died();
    throw;
  }
}

}  // namespace ums::command
