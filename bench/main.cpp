// SPDX-License-Identifier: Apache-2.0
//
// ums-bench: what a user-mode switch costs here, beside what others cost, in one run.
//
//     ums-bench [--json FILE] [--filter REGEX] [--help]
//
// Exits 0 when every row was measured or is not possible on this machine (missed targets are shown,
// not failures), 1 when one failed or FILE cannot be written, 2 for a wrong command line.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <string>
#include <string_view>

#include "bench/placement.h"
#include "bench/reporter.h"
#include "bench/rows.h"
#include "bench/targets.h"

namespace ums::bench {
namespace {

constexpr std::string_view kUsage =
    "Usage: ums-bench [--json FILE] [--filter REGEX]\n"
    "\n"
    "Measures user-mode switches, the whole scheduling cycle, thread creation, memory and the\n"
    "kernel's structures beside their peers, and prints medians and the targets.\n"
    "\n"
    "  --json FILE     also write the results, every sample included, to FILE\n"
    "  --filter REGEX  only the rows whose name matches (names: see the JSON file)\n"
    "  --help          print this\n";

struct Options {
  std::string json_file;
  std::string filter_text;
  std::regex filter;
};

[[noreturn]] void wrong_usage(const std::string& problem) {
  fmt::print(stderr, "ums-bench: {}\nTry 'ums-bench --help'.\n", problem);
  std::exit(2);
}

std::regex as_regex(const std::string& text) {
  try {
    return std::regex(text);
  } catch (const std::regex_error&) {
    wrong_usage(fmt::format("'{}' is not a regular expression", text));
  }
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help") {
      fmt::print("{}", kUsage);
      std::exit(0);
    }
    if (argument != "--json" && argument != "--filter") {
      wrong_usage(fmt::format("unknown option '{}'", argument));
    }
    if (i + 1 == argc || argv[i + 1][0] == '\0') {
      wrong_usage(fmt::format("{} needs a value", argument));
    }
    (argument == "--json" ? options.json_file : options.filter_text) = argv[++i];
  }
  options.filter = as_regex(options.filter_text);
  return options;
}

// The library chooses its backend when it is loaded, before main. Where the user did not choose,
// the program starts itself again with the simulation chosen, and without the notice that the
// library has given by then.
void choose_simulation(char** argv) {
  if (std::getenv("UMS_BACKEND") != nullptr) {
    return;
  }
  setenv("UMS_BACKEND", "sim", 1);
  setenv("UMS_QUIET", "1", 0);
  execv("/proc/self/exe", argv);
  fmt::print(stderr, "ums-bench: cannot start itself again: {}\n", std::strerror(errno));
  std::exit(1);
}

void add_all_rows(RowTable& table) {
  add_machine_rows(table);
  add_context_rows(table);
  add_fiber_rows(table);
  add_futex_rows(table);
  add_switch_rows(table);
  add_full_cycle_rows(table);
  add_throughput_rows(table);
  add_creation_rows(table);
  add_notification_rows(table);
  add_other_process_rows(table);
  add_served_rows(table);
  add_memory_rows(table);
  add_served_memory_rows(table);
  add_structure_rows(table);
  add_exploration_rows(table);
}

bool any_failed(const RowTable& table) {
  return std::any_of(table.rows().begin(), table.rows().end(),
                     [](const Row& row) { return row.outcome == Outcome::kFailed; });
}

// Writes the text and closes the file. Returns false where the disk did not take all of it.
bool write_and_close(std::FILE* file, const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

int cannot_write(const Options& options) {
  fmt::print(stderr, "ums-bench: {}: {}\n", options.json_file, std::strerror(errno));
  return 1;
}

int run(const Options& options) {
  // Opened first: a name that cannot be written is known before the minutes are spent.
  std::FILE* const json =
      options.json_file.empty() ? nullptr : std::fopen(options.json_file.c_str(), "w");
  if (json == nullptr && !options.json_file.empty()) {
    return cannot_write(options);
  }
  RowTable table;
  add_all_rows(table);
  if (table.run(options.filter) == 0) {
    wrong_usage(fmt::format("no row's name matches '{}'", options.filter_text));
  }
  const std::vector<TargetResult> targets = check_targets(table);
  print_table(stdout, table, targets);
  if (json != nullptr && !write_and_close(json, as_json(table, targets))) {
    return cannot_write(options);
  }
  return any_failed(table) ? 1 : 0;
}

}  // namespace
}  // namespace ums::bench

int main(int argc, char** argv) {
  const ums::bench::Options options = ums::bench::parse(argc, argv);
  ums::bench::choose_simulation(argv);
  ums::bench::pin_to_cpu(ums::bench::allowed_cpus().front());
  return ums::bench::run(options);
}
