// SPDX-License-Identifier: Apache-2.0
#include "bench/reporter.h"

#include <sys/utsname.h>

#include <fmt/core.h>

#include "bench/placement.h"

namespace ums::bench {
namespace {

constexpr std::string_view kRowFormat = "  {:<48}{:>8}{:>12}{:>12}{:>12}\n";
constexpr std::string_view kTargetFormat = "    {:<36}{:>12}   {:<16}{:<8}{}\n";

std::string machine_name() {
  utsname name{};
  uname(&name);
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

std::string_view name(Unit unit) {
  switch (unit) {
    case Unit::kNanoseconds:
      return "ns";
    case Unit::kBytes:
      return "bytes";
    case Unit::kPerSecond:
      return "1/s";
    case Unit::kCount:
      return "1";
  }
  return "";
}

void print_row(std::FILE* out, const Row& row) {
  const std::string workers = row.spec.workers > 1 ? fmt::format("{}", row.spec.workers) : "";
  if (!row.has_value()) {
    fmt::print(out, "  {:<48}{:>8}   {}: {}\n", row.spec.what, workers,
               row.outcome == Outcome::kFailed ? "FAILED" : "not run", row.reason);
    return;
  }
  fmt::print(out, fmt::runtime(kRowFormat), row.spec.what, workers, with_unit(row, row.median()),
             with_unit(row, row.minimum()), with_unit(row, row.maximum()));
}

std::string bound(const TargetResult& target, double value) {
  return fmt::format("{} {:g} {}", target.at_least ? "at least" : "at most", value, target.unit);
}

void print_target(std::FILE* out, const TargetResult& target) {
  const std::string figure =
      target.figure ? fmt::format("{:.2f} {}", *target.figure, target.unit) : "-";
  const std::string goal = target.goal ? fmt::format("{:g} {}", *target.goal, target.unit) : "";
  fmt::print(out, "  {}\n", target.what);
  fmt::print(out, fmt::runtime(kTargetFormat), target.measured, figure, bound(target, target.limit),
             goal, name(target.verdict));
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string number_or_null(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "null";
}

std::string samples_of(const Row& row) {
  std::string out;
  for (const double sample : row.samples) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", sample);
  }
  return "[" + out + "]";
}

std::string as_json(const Row& row) {
  std::string out = fmt::format("{{\"name\": {}, \"what\": {}, \"workers\": {}, \"unit\": {}, ",
                                quoted(row.spec.name), quoted(row.spec.what), row.spec.workers,
                                quoted(name(row.spec.unit)));
  if (!row.has_value()) {
    return out + fmt::format("\"median\": null, \"failed\": {}, \"reason\": {}}}",
                             row.outcome == Outcome::kFailed, quoted(row.reason));
  }
  return out + fmt::format("\"median\": {}, \"min\": {}, \"max\": {}, \"samples\": {}}}",
                           row.median(), row.minimum(), row.maximum(), samples_of(row));
}

std::string as_json(const TargetResult& target) {
  return fmt::format(
      "{{\"target\": {}, \"measured\": {}, \"figure\": {}, \"unit\": {}, \"bound\": {}, "
      "\"limit\": {}, \"goal\": {}, \"verdict\": {}}}",
      quoted(target.what), quoted(target.measured), number_or_null(target.figure),
      quoted(target.unit), quoted(target.at_least ? "at least" : "at most"), target.limit,
      number_or_null(target.goal), quoted(name(target.verdict)));
}

}  // namespace

std::string with_unit(const Row& row, double value) {
  switch (row.spec.unit) {
    case Unit::kNanoseconds:
      return value < 100 ? fmt::format("{:.1f} ns", value)
                         : (value < 10'000 ? fmt::format("{:.0f} ns", value)
                                           : fmt::format("{:.1f} us", value / 1e3));
    case Unit::kBytes:
      return fmt::format("{:.2f} KiB", value / 1024);
    case Unit::kPerSecond:
      return value < 1e6 ? fmt::format("{:.1f} k/s", value / 1e3)
                         : fmt::format("{:.2f} M/s", value / 1e6);
    case Unit::kCount:
      return fmt::format("{:g}", value);
  }
  return {};
}

void print_table(std::FILE* out, const RowTable& table, const std::vector<TargetResult>& targets) {
  fmt::print(out, "{}, {} CPUs; medians of {}; pinned to one CPU unless the row says two\n",
             machine_name(), allowed_cpus().size(), kRepetitions);
  std::string_view section;
  for (const Row& row : table.rows()) {
    if (!row.was_run()) {
      continue;
    }
    if (row.spec.section != section) {
      section = row.spec.section;
      fmt::print(out, "\n");
      fmt::print(out, fmt::runtime(kRowFormat), section, "workers", "median", "least", "most");
    }
    print_row(out, row);
  }
  fmt::print(out, "\nTargets\n");
  fmt::print(out, fmt::runtime(kTargetFormat), "measured", "figure", "limit", "goal", "verdict");
  for (const TargetResult& target : targets) {
    print_target(out, target);
  }
}

std::string as_json(const RowTable& table, const std::vector<TargetResult>& targets) {
  std::string rows;
  for (const Row& row : table.rows()) {
    if (row.was_run()) {
      rows += fmt::format("{}    {}", rows.empty() ? "" : ",\n", as_json(row));
    }
  }
  std::string checked;
  for (const TargetResult& target : targets) {
    checked += fmt::format("{}    {}", checked.empty() ? "" : ",\n", as_json(target));
  }
  return fmt::format(
      "{{\n  \"machine\": {{\"system\": {}, \"cpus\": {}, \"repetitions\": {}}},\n"
      "  \"rows\": [\n{}\n  ],\n  \"targets\": [\n{}\n  ]\n}}\n",
      quoted(machine_name()), allowed_cpus().size(), kRepetitions, rows, checked);
}

}  // namespace ums::bench
