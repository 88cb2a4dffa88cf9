// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/explore/replay_string.h"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ums::command {
namespace {

constexpr const char* kVersion = "1";  // another one: the same schedule means another execution

std::string word_of(const std::string& word_or_file) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(word_or_file, ignored);
  if (!exists(status) || is_directory(status)) return word_or_file;
  std::ifstream file(word_or_file);
  std::string word;
  if (!(file >> word)) throw std::runtime_error("there is no replay string in " + word_or_file);
  return word;
}

// The parts of a word, by their numbers in its form.
class Parts {
 public:
  explicit Parts(const std::string& word) : word_(word) {
    regex_t form;
    fit_ = regcomp(&form, kForm, REG_EXTENDED) == 0 &&
           regexec(&form, word.c_str(), parts_.size(), parts_.data(), 0) == 0;
    regfree(&form);
  }

  bool fit() const { return fit_; }

  // Empty if it is not there.
  std::string operator[](std::size_t part) const {
    const regmatch_t& match = parts_.at(part);
    if (match.rm_so < 0) return "";
    return word_.substr(static_cast<std::size_t>(match.rm_so),
                        static_cast<std::size_t>(match.rm_eo - match.rm_so));
  }

 private:
  static constexpr const char* kForm =
      "^([0-9]+):([0-9a-f]{8}):"
      "(([0-9]{1,18}\\.~?[0-9]{1,10})(,[0-9]{1,18}\\.~?[0-9]{1,10})*)?(:([0-9]{1,18}))?"
      "(@([0-9]{1,4})(/([a-z_=+0-9]+))?)?$";

  const std::string& word_;
  std::array<regmatch_t, 12> parts_{};
  bool fit_ = false;
};

std::string text_of(const CpuChoice& cpus) {
  if (cpus.count == 0) return "";
  const std::string costs = text_of_costs(kernel::parse_cost_profile(cpus.profile).costs, "+");
  return fmt::format("@{}{}{}", cpus.count, costs.empty() ? "" : "/", costs);
}

CpuChoice parse_cpus(const std::string& count, std::string costs) {
  if (count.empty()) return {};
  const int number = std::stoi(count);
  std::replace(costs.begin(), costs.end(), '+', '\n');
  if (number >= 1 && number <= kernel::kVirtualCpusMax &&
      kernel::parse_cost_profile(costs).fault == nullptr) {
    return {number, std::move(costs)};
  }
  throw std::runtime_error(
      fmt::format("the replay string's CPUs, '{}/{}', make no sense", count, costs));
}

}  // namespace

std::string ReplayString::text() const {
  const std::string steps = steps_max == 0 ? "" : fmt::format(":{}", steps_max);
  return fmt::format("{}:{}:{}{}{}", kVersion, program, schedule, steps, text_of(cpus));
}

ReplayString ReplayString::parse(const std::string& word_or_file) {
  const std::string word = word_of(word_or_file);
  const Parts parts(word);
  if (!parts.fit()) {
    throw std::runtime_error(fmt::format(
        "'{}' is neither a replay string, as `ums explore` prints them, nor a file with one",
        word_or_file));
  }
  if (parts[1] != kVersion) {
    throw std::runtime_error(fmt::format(
        "'{}' is of version {} of the simulated machine, this is version {}: explore again", word,
        parts[1], kVersion));
  }
  const std::string steps = parts[7];
  return {parts[2], parts[3], steps.empty() ? 0 : std::stoull(steps),
          parse_cpus(parts[9], parts[11])};
}

std::string hash_of_program(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::system_error(errno, std::generic_category(), "cannot read " + path);
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (std::istreambuf_iterator<char> at(file), end; at != end; ++at) {
    hash = (hash ^ static_cast<unsigned char>(*at)) * 0x100000001b3;
  }
  return fmt::format("{:08x}", static_cast<std::uint32_t>(hash ^ hash >> 32));
}

}  // namespace ums::command
