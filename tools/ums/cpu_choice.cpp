// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/cpu_choice.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace ums::command {

std::string read_profile(const std::string& name_or_file) {
  if (name_or_file == "zero" || name_or_file == "default") return name_or_file;
  if (std::filesystem::is_directory(name_or_file)) {
    throw std::runtime_error(fmt::format("'{}' is a folder", name_or_file));
  }
  std::ifstream file(name_or_file);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    throw std::runtime_error(fmt::format("'{}' is neither zero nor default nor a file: {}",
                                         name_or_file, std::generic_category().message(errno)));
  }
  const kernel::ParsedProfile parsed = kernel::parse_cost_profile(text);
  if (parsed.fault == nullptr) return text_of_costs(parsed.costs, "\n");
  throw std::runtime_error(
      fmt::format("{}, line {}: it {}", name_or_file, parsed.wrong_line, parsed.fault));
}

void set_cpus(const CpuChoice& cpus) {
  unsetenv("UMS_CPUS");
  unsetenv("UMS_PROFILE");
  if (cpus.count == 0) return;
  setenv("UMS_CPUS", std::to_string(cpus.count).c_str(), 1);
  setenv("UMS_PROFILE", cpus.profile.c_str(), 1);
}

std::string text_of_costs(const kernel::CostProfile& costs, const char* separator) {
  std::string text;
  for (const kernel::CostName& name : kernel::kCostNames) {
    if (costs.*name.cost == 0) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : separator, name.name, costs.*name.cost);
  }
  return text;
}

}  // namespace ums::command
