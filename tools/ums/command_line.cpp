// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/command_line.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "tools/ums/command_help.h"
#include "tools/ums/exec_program.h"
#include "tools/ums/kernel_name.h"

namespace ums::command {
namespace {

constexpr int kWrongUsage = 2;

// CLI11's texts, but it does not know that a program follows.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    if (app->get_name() != "run") return CLI::Formatter::make_usage(app, std::move(name));
    return "Usage: ums run [OPTION...] [--] PROGRAM [ARGUMENT...]\n";
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
  void add_doctor();
  void add_ps();
  void add_tree();
  void add_cat();
  void add_top();
  void parse_options(std::vector<std::string> arguments);
  std::vector<std::string> program(const std::vector<std::string>& behind) const;
  std::string name() const;
  const TopOptions& checked_top() const;
  void check_machine() const;
  std::uint64_t checked_seed() const;
  void check_attach() const;
  [[noreturn]] void refuse(const std::string& message) const;
  void refuse_unknown(const std::vector<std::string>& words) const;

  CLI::App app_{"User-mode scheduling in user space.", "ums"};
  CLI::App* run_ = nullptr;
  CLI::App* doctor_ = nullptr;
  CLI::App* ps_ = nullptr;
  CLI::App* tree_ = nullptr;
  CLI::App* cat_ = nullptr;
  CLI::App* top_ = nullptr;
  RunOptions run_options_;
  std::string seed_;
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
  add_doctor();
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

void Parser::add_doctor() {
  doctor_ = app_.add_subcommand("doctor", "Say whether this system can run UMS programs");
  doctor_->add_flag("--json", doctor_options_.json, "Print one JSON object instead of lines");
  doctor_->footer(kDoctorHelp);
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
  throw UsageError(fmt::format("{}: {}; see '{} --help'", name(), message, name()),
                   run_->parsed() ? kFailedItself : kWrongUsage);
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
  std::vector<std::string> words = run_->remaining();
  if (!words.empty() && words.front().starts_with('-')) refuse_unknown(words);
  const bool named_before = !words.empty();  // then the -- is the program's own
  words.insert(words.end(), behind.begin() + (named_before || behind.empty() ? 0 : 1),
               behind.end());
  if (words.empty()) refuse("the program to run is missing");
  return words;
}

Request Parser::parse(std::vector<std::string> arguments) {
  const bool has_program = !arguments.empty() && arguments.front() == "run";
  const auto dashes =
      has_program ? std::find(arguments.begin(), arguments.end(), "--") : arguments.end();
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
  if (ps_->parsed()) return ps_options_;
  if (tree_->parsed()) return tree_options_;
  if (top_->parsed()) return checked_top();
  if (cat_->parsed()) {
    if (cat_options_.paths.empty()) refuse("the path to print is missing");
    return cat_options_;
  }
  if (!run_->parsed()) refuse("a command is missing");
  run_options_.command = program(behind);
  check_machine();
  if (run_->count("--seed") != 0) run_options_.seed = checked_seed();
  check_attach();
  return run_options_;
}

void Parser::check_machine() const {
  const std::string& machine = run_options_.machine;
  if (machine != "server" && machine != "parallel" && machine != "simulated") {
    refuse(fmt::format("there is no machine '{}', only server, parallel and simulated", machine));
  }
  if (run_->count("--seed") != 0 && machine != "simulated") {
    refuse("--seed works with --machine simulated only");
  }
}

std::uint64_t Parser::checked_seed() const {
  std::uint64_t seed = 0;
  const char* const end = seed_.data() + seed_.size();
  const auto [stop, error] = std::from_chars(seed_.data(), end, seed);
  if (error != std::errc{} || stop != end) refuse("--seed wants a number, from 0 to 2^64 - 1");
  return seed;
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
