// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/command_line.h"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tools/ums/command_help.h"
#include "tools/ums/exec_program.h"
#include "tools/ums/kernel_name.h"

namespace ums::command {
namespace {

constexpr int kWrongUsage = 2;

constexpr const char* kTimeoutText =
    "Seconds without a step after which a run has failed; 5 if not\ngiven";

// Whether a program and its arguments follow.
bool has_program(const std::string& command) {
  return command == "run" || command == "explore" || command == "replay";
}

// CLI11's texts, but it does not know that a program follows.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    const std::string command = app->get_name();
    if (!has_program(command)) return CLI::Formatter::make_usage(app, std::move(name));
    const char* const schedule = command == "replay" ? " STRING|FILE" : "";
    return fmt::format("Usage: ums {} [OPTION...]{} [--] PROGRAM [ARGUMENT...]\n", command,
                       schedule);
  }
  // An option whose value may be left out is a flag to CLI11, which shows what it then has.
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    const std::string name = CLI::Formatter::make_option_name(option, is_positional);
    const std::size_t value = name.find('{');
    return value == std::string::npos ? name : name.substr(0, value) + option->get_option_text();
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const bool is_shown = option->get_option_text().starts_with('[');
    return is_shown ? "" : CLI::Formatter::make_option_opts(option);
  }
};

// The command line, taken apart by CLI11.
class Parser {
 public:
  Parser();
  Request parse(std::vector<std::string> arguments);

 private:
  void add_run();
  void add_cpus(CLI::App& command, const char* profile);
  void add_explore();
  void add_replay();
  void add_doctor();
  void add_profile();
  void add_ps();
  void add_tree();
  void add_cat();
  void add_top();
  void parse_options(std::vector<std::string> arguments);
  std::vector<std::string> program(const std::vector<std::string>& behind) const;
  std::string name() const;
  const TopOptions& checked_top() const;
  void check_machine() const;
  std::uint64_t number(const char* option, const std::string& text) const;
  Request checked_run(const std::vector<std::string>& behind);
  Request checked_explore(const std::vector<std::string>& behind);
  Request checked_replay(const std::vector<std::string>& behind);
  CpuChoice checked_cpus(const char* profile) const;
  void check_strategy();
  void check_timeout(double seconds) const;
  void check_attach() const;
  [[noreturn]] void refuse(const std::string& message) const;
  void refuse_unknown(const std::vector<std::string>& words) const;

  CLI::App app_{"User-mode scheduling in user space.", "ums"};
  CLI::App* run_ = nullptr;
  CLI::App* explore_ = nullptr;
  CLI::App* replay_ = nullptr;
  CLI::App* doctor_ = nullptr;
  CLI::App* profile_command_ = nullptr;
  CLI::App* ps_ = nullptr;
  CLI::App* tree_ = nullptr;
  CLI::App* cat_ = nullptr;
  CLI::App* top_ = nullptr;
  RunOptions run_options_;
  ExploreOptions explore_options_;
  ReplayOptions replay_options_;
  std::string seed_;
  std::string iterations_;
  std::string steps_;
  std::string parameter_;
  std::string cpus_;
  std::string profile_;
  DoctorOptions doctor_options_;
  PsOptions ps_options_;
  TreeOptions tree_options_;
  CatOptions cat_options_;
  TopOptions top_options_;
};

Parser::Parser() {
  app_.formatter(std::make_shared<HelpFormatter>());
  app_.set_version_flag("--version", "ums " UMS_VERSION, "Print the version and exit");
  app_.set_help_flag("-h,--help", "Print this text and exit");
  app_.require_subcommand(0, 1);
  app_.footer(kHelp);
  add_run();
  add_explore();
  add_replay();
  add_doctor();
  add_profile();
  add_ps();
  add_tree();
  add_cat();
  add_top();
}

void Parser::add_run() {
  run_ = app_.add_subcommand("run", "Run a program that finds a UMS device");
  run_->add_option("--machine", run_options_.machine,
                   "Who answers the program's UMS calls: server (the default), parallel or\n"
                   "simulated")
      ->option_text("MACHINE");
  run_->add_option("--seed", seed_,
                   "The execution to see, a number; 0 if not given (simulated only)")
      ->option_text("SEED");
  add_cpus(*run_, "default");
  run_->add_flag("--time", run_options_.time,
                 "Say at the end how much virtual time has passed (with --cpus only)");
  run_->add_option("--attach", run_options_.attach,
                   "Join the kernel process NAME, or start it if there is none (server only)")
      ->option_text("NAME");
  run_->add_option("--proc", run_options_.proc,
                   "Mount /proc/ums in DIR, an empty folder, while the program runs")
      ->option_text("DIR");
  run_->add_option("--log", run_options_.log, "Append the kernel's log to FILE")
      ->option_text("FILE");
  run_->add_flag("--strace{-}", run_options_.strace,
                 "Print every UMS call with its arguments and result to standard\n"
                 "error, or append it to FILE")
      ->option_text("[=FILE]");
  run_->prefix_command();
  run_->footer(kRunHelp);
}

void Parser::add_cpus(CLI::App& command, const char* profile) {
  command.add_option("--cpus", cpus_, "The number of virtual CPUs, from 1 to 64")
      ->option_text("COUNT");
  command
      .add_option("--profile", profile_,
                  fmt::format("What things cost on them: zero, default, or a file; {} if not\n"
                              "given",
                              profile))
      ->option_text("PROFILE");
}

// `profile`: if none is given.
CpuChoice Parser::checked_cpus(const char* profile) const {
  if (cpus_.empty()) {
    if (!profile_.empty()) refuse("--profile works with --cpus only");
    return {};
  }
  const std::uint64_t count = number("--cpus", cpus_);
  if (count < 1 || count > kernel::kVirtualCpusMax) refuse("--cpus wants a number from 1 to 64");
  try {
    return {static_cast<int>(count), read_profile(profile_.empty() ? profile : profile_)};
  } catch (const std::runtime_error& error) {
    refuse(std::string("--profile: ") + error.what());
  }
}

void Parser::add_explore() {
  explore_ =
      app_.add_subcommand("explore", "Run a program under many schedules, to find a failure");
  ExploreOptions& its = explore_options_;
  explore_
      ->add_option(
          "--strategy", its.strategy.name,
          "How schedules are chosen: default, random, pct, pos, round-robin or\nexhaustive")
      ->option_text("STRATEGY");
  explore_->add_option("--depth", parameter_, "The depth of pct; 3 if not given")
      ->option_text("DEPTH");
  explore_
      ->add_option("--preemptions", parameter_,
                   "The most preemptions of exhaustive; any number if not given")
      ->option_text("COUNT");
  explore_
      ->add_option("--iterations", iterations_,
                   "End after so many schedules; 10000 if no end is given")
      ->option_text("COUNT");
  explore_->add_option("--seconds", its.seconds, "End after so much time")->option_text("TIME");
  explore_->add_option("--seed", seed_, "What random choices are a function of; 0 if not given")
      ->option_text("SEED");
  explore_->add_option("--jobs", its.jobs, "Processes that run schedules; 1 if not given")
      ->option_text("COUNT");
  explore_->add_option("--steps", steps_, "The most steps of a schedule; 1000000 if not given")
      ->option_text("COUNT");
  explore_->add_option("--timeout", its.limits.seconds, kTimeoutText)->option_text("SECONDS");
  add_cpus(*explore_, "zero");
  explore_->add_flag("--all", its.all, "Go on after a failure");
  explore_->add_option("--output", its.output, "Write the replay string to FILE")
      ->option_text("FILE");
  explore_
      ->add_option("--trace", its.trace,
                   "Write the failing run, or the last one, to FILE: a trace for\nPerfetto")
      ->option_text("FILE");
  explore_->add_flag("--self-check", its.self_check,
                     "Run one schedule twice, and say whether both runs agree");
  explore_->prefix_command();
  explore_->footer(kExploreHelp);
}

void Parser::add_replay() {
  replay_ = app_.add_subcommand("replay", "Run a program under a schedule that was seen before");
  replay_->add_flag("--list-steps", replay_options_.steps, "Print every step to standard error");
  replay_->add_option("--timeout", replay_options_.patience_seconds, kTimeoutText)
      ->option_text("SECONDS");
  replay_
      ->add_option("--trace", replay_options_.trace, "Write the run to FILE: a trace for Perfetto")
      ->option_text("FILE");
  replay_->prefix_command();
  replay_->footer(kReplayHelp);
}

void Parser::add_doctor() {
  doctor_ = app_.add_subcommand("doctor", "Say whether this system can run UMS programs");
  doctor_->add_flag("--json", doctor_options_.json, "Print one JSON object instead of lines");
  doctor_->footer(kDoctorHelp);
}

void Parser::add_profile() {
  profile_command_ = app_.add_subcommand("profile", "Measure what things cost on this machine");
  profile_command_->footer(kProfileHelp);
}

void Parser::add_ps() {
  ps_ = app_.add_subcommand("ps", "List the kernels that run, and their processes");
  ps_->add_flag("--json", ps_options_.json, "Print one JSON object instead of lines");
  ps_->footer(kPsHelp);
}

void Parser::add_tree() {
  tree_ = app_.add_subcommand("tree", "Print /proc/ums of the kernels that run, as a tree");
  tree_->add_flag("--json", tree_options_.json, "Print nested JSON objects instead of lines");
  tree_
      ->add_option("PATH", tree_options_.path,
                   "A folder to begin with: a process's id, or a path below /proc/ums")
      ->option_text(" ");
  tree_->footer(kTreeHelp);
}

void Parser::add_cat() {
  cat_ = app_.add_subcommand("cat", "Print files of /proc/ums of the kernels that run");
  cat_->add_option("PATH", cat_options_.paths, "A file, absolute or from /proc/ums on")
      ->option_text("...");
  cat_->footer(kCatHelp);
}

void Parser::add_top() {
  top_ = app_.add_subcommand("top", "Watch the kernels that run");
  top_->add_option("-d,--delay", top_options_.delay_seconds,
                   "Seconds between two looks; 2 if not given")
      ->option_text("SECONDS");
  top_->add_option("-n,--count", top_options_.count, "End after so many looks")
      ->option_text("COUNT");
  top_->add_flag("--json", top_options_.json, "Print a JSON object a line for each look");
  top_->footer(kTopHelp);
}

// Throws UsageError for numbers that make no sense.
const TopOptions& Parser::checked_top() const {
  if (!(top_options_.delay_seconds >= 0.1 && top_options_.delay_seconds <= 86'400)) {
    refuse("--delay wants seconds, from 0.1 to 86400");
  }
  if (top_options_.count < 0 || (top_->count("--count") > 0 && top_options_.count == 0)) {
    refuse("--count wants a number of looks, from 1 on");
  }
  return top_options_;
}

std::string Parser::name() const {
  const auto parsed = app_.get_subcommands();
  return parsed.empty() ? "ums" : "ums " + parsed.front()->get_name();
}

void Parser::refuse(const std::string& message) const {
  throw UsageError(
      fmt::format("{}: {}; see '{} --help'", name(), message, name()),
      run_->parsed() || explore_->parsed() || replay_->parsed() ? kFailedItself : kWrongUsage);
}

void Parser::refuse_unknown(const std::vector<std::string>& words) const {
  if (words.empty()) return;
  const std::string& word = words.front();
  if (word.starts_with('-')) refuse(fmt::format("unknown option '{}'", word));
  if (app_.get_subcommands().empty()) refuse(fmt::format("unknown command '{}'", word));
  refuse(fmt::format("'{}' is too much", word));
}

// Throws UsageError, or CLI::Success if a text shall be printed.
void Parser::parse_options(std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app_.parse(std::move(arguments));
  } catch (const CLI::Success&) {
    throw;
  } catch (const CLI::ExtrasError&) {
    std::vector<std::string> words = app_.remaining(true);
    refuse_unknown(words);
    refuse("wrong arguments");
  } catch (const CLI::ParseError& error) {
    refuse(error.what());
  }
}

// The program and its arguments, where `behind` is "--" and what follows, or empty.
std::vector<std::string> Parser::program(const std::vector<std::string>& behind) const {
  std::vector<std::string> words = app_.get_subcommands().front()->remaining();
  if (!words.empty() && words.front().starts_with('-')) refuse_unknown(words);
  const bool named_before = !words.empty();  // then the -- is the program's own
  words.insert(words.end(), behind.begin() + (named_before || behind.empty() ? 0 : 1),
               behind.end());
  if (words.empty()) refuse("the program to run is missing");
  return words;
}

Request Parser::parse(std::vector<std::string> arguments) {
  const bool is_program = !arguments.empty() && has_program(arguments.front());
  const auto dashes =
      is_program ? std::find(arguments.begin(), arguments.end(), "--") : arguments.end();
  const std::vector<std::string> behind(dashes, arguments.end());
  arguments.erase(dashes, arguments.end());
  try {
    parse_options(std::move(arguments));
  } catch (const CLI::CallForVersion& version) {
    return PrintText{std::string(version.what()) + "\n"};
  } catch (const CLI::Success&) {
    return PrintText{app_.help()};
  }
  if (doctor_->parsed()) return doctor_options_;
  if (profile_command_->parsed()) return ProfileOptions{};
  if (ps_->parsed()) return ps_options_;
  if (tree_->parsed()) return tree_options_;
  if (top_->parsed()) return checked_top();
  if (cat_->parsed()) {
    if (cat_options_.paths.empty()) refuse("the path to print is missing");
    return cat_options_;
  }
  if (explore_->parsed()) return checked_explore(behind);
  if (replay_->parsed()) return checked_replay(behind);
  if (!run_->parsed()) refuse("a command is missing");
  return checked_run(behind);
}

Request Parser::checked_run(const std::vector<std::string>& behind) {
  run_options_.command = program(behind);
  check_machine();
  if (run_->count("--seed") != 0) run_options_.seed = number("--seed", seed_);
  run_options_.cpus = checked_cpus("default");
  if (run_options_.time && run_options_.cpus.count == 0) refuse("--time works with --cpus only");
  check_attach();
  return run_options_;
}

void Parser::check_strategy() {
  std::string& name = explore_options_.strategy.name;
  const std::array<std::string_view, 6> names = {"default", "random",      "pct",
                                                 "pos",     "round-robin", "exhaustive"};
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    refuse(fmt::format("there is no strategy '{}', only {}", name, fmt::join(names, ", ")));
  }
  const bool is_pct = name == "pct";
  const bool is_exhaustive = name == "exhaustive";
  if (explore_->count("--depth") != 0 && !is_pct) refuse("--depth works with --strategy pct only");
  if (explore_->count("--preemptions") != 0 && !is_exhaustive) {
    refuse("--preemptions works with --strategy exhaustive only");
  }
  if (is_exhaustive && explore_options_.cpus.count > 0 && explore_->count("--preemptions") == 0) {
    refuse("--strategy exhaustive works with --cpus only where --preemptions is given");
  }
  if ((is_exhaustive || name == "round-robin") && explore_options_.jobs > 1) {
    refuse(fmt::format("--strategy {} works with one job only", name));
  }
  if (parameter_.empty()) return;
  const std::uint64_t parameter = number(is_pct ? "--depth" : "--preemptions", parameter_);
  if (parameter > 1000 || (is_pct && parameter == 0)) {
    refuse(is_pct ? "--depth wants a number from 1 to 1000" : "--preemptions wants at most 1000");
  }
  name += fmt::format(":{}", parameter);
}

Request Parser::checked_explore(const std::vector<std::string>& behind) {
  ExploreOptions& its = explore_options_;
  its.command = program(behind);
  its.cpus = checked_cpus("zero");
  check_strategy();
  if (!seed_.empty()) its.strategy.seed = number("--seed", seed_);
  if (!iterations_.empty()) its.iterations = number("--iterations", iterations_);
  if (!steps_.empty()) its.limits.steps = number("--steps", steps_);
  const bool has_time = explore_->count("--seconds") != 0;
  if (has_time && !(its.seconds > 0 && its.seconds <= 1e6)) refuse("--seconds wants a time");
  if (!iterations_.empty() && its.iterations == 0) refuse("--iterations wants a number from 1 on");
  if (its.limits.steps == 0) refuse("--steps wants a number from 1 on");
  check_timeout(its.limits.seconds);
  if (its.jobs < 1 || its.jobs > 1024) refuse("--jobs wants a number from 1 to 1024");
  constexpr std::uint64_t kIterations = 10'000;
  if (iterations_.empty() && !has_time) its.iterations = kIterations;
  return its;
}

Request Parser::checked_replay(const std::vector<std::string>& behind) {
  check_timeout(replay_options_.patience_seconds);
  std::vector<std::string> words = program(behind);
  replay_options_.schedule = words.front();
  words.erase(words.begin());
  if (!words.empty() && words.front() == "--") words.erase(words.begin());
  if (words.empty()) refuse("the program to run is missing");
  replay_options_.command = std::move(words);
  return replay_options_;
}

void Parser::check_machine() const {
  const std::string& machine = run_options_.machine;
  if (machine != "server" && machine != "parallel" && machine != "simulated") {
    refuse(fmt::format("there is no machine '{}', only server, parallel and simulated", machine));
  }
  for (const char* const option : {"--seed", "--cpus", "--profile", "--time"}) {
    if (run_->count(option) == 0 || machine == "simulated") continue;
    refuse(fmt::format("{} works with --machine simulated only", option));
  }
}

std::uint64_t Parser::number(const char* option, const std::string& text) const {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) {
    refuse(fmt::format("{} wants a number, from 0 to 2^64 - 1", option));
  }
  return number;
}

void Parser::check_timeout(double seconds) const {
  if (seconds >= 0.1 && seconds <= 86'400) return;
  refuse("--timeout wants seconds, from 0.1 to 86400");
}

void Parser::check_attach() const {
  if (run_->count("--attach") == 0) return;
  const std::string reason = why_no_kernel_name(run_options_.attach);
  if (!reason.empty()) refuse(reason);
  if (run_options_.machine != "server") refuse("--attach works with --machine server only");
}

}  // namespace

Request parse_command_line(int argc, const char* const* argv) {
  return Parser().parse(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
}

}  // namespace ums::command
