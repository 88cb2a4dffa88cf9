// SPDX-License-Identifier: Apache-2.0
//
// command_line: what the command line of `ums` asks for, and all texts of --help.
//
// Thread safety: one thread.
#pragma once

#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "tools/ums/explore/explore_options.h"
#include "tools/ums/run_options.h"

namespace ums::command {

struct DoctorOptions {
  bool json = false;
};

struct ProfileOptions {};

struct PsOptions {
  bool json = false;
};

struct TreeOptions {
  bool json = false;
  std::string path;  // empty: all
};

struct CatOptions {
  std::vector<std::string> paths;
};

struct TopOptions {
  bool json = false;
  double delay_seconds = 2;
  int count = 0;  // 0: until it is ended
};

// A text to be printed: help, or the version.
struct PrintText {
  std::string text;
};

using Request = std::variant<PrintText, RunOptions, ExploreOptions, ReplayOptions, DoctorOptions,
                             ProfileOptions, PsOptions, TreeOptions, CatOptions, TopOptions>;

// A command line that is wrong: the message, one line with the remedy, and the exit status.
class UsageError : public std::runtime_error {
 public:
  UsageError(const std::string& message, int exit_status)
      : std::runtime_error(message), exit_status_(exit_status) {}
  int exit_status() const { return exit_status_; }

 private:
  int exit_status_;
};

// Throws UsageError: with status 125 of `ums run`, `explore` and `replay`, else 2.
Request parse_command_line(int argc, const char* const* argv);

}  // namespace ums::command
