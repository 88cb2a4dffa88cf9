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
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ums::command {
namespace {

// Another one: the same schedule means another execution, or is written otherwise.
constexpr const char* kVersion = "2";

constexpr const char* kBeginning = "^([0-9]+):([0-9a-f]{8}):";
constexpr const char* kForm =
    "^([0-9]+):([0-9a-f]{8}):([0-9a-f]{6}):"
    "(([0-9]{1,18}\\.~?[0-9]{1,10})(,[0-9]{1,18}\\.~?[0-9]{1,10})*)?(:([0-9]{1,18}))?"
    "(@([0-9]{1,4})(/([a-z_=+0-9]+))?)?$";

template <typename Iterator>
std::uint64_t hash_of(Iterator at, Iterator end) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (; at != end; ++at) hash = (hash ^ static_cast<unsigned char>(*at)) * 0x100000001b3;
  return hash ^ hash >> 32;
}

std::string check_of(const std::string& program, const std::string& rest) {
  const std::string text = program + ":" + rest;
  return fmt::format("{:06x}", hash_of(text.begin(), text.end()) & 0xffffff);
}

// It may be a device, which has no end. Throws std::runtime_error.
std::string text_of_file(const std::string& path) {
  constexpr std::size_t kBytesMax = std::size_t{64} << 20;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 65536> bytes{};
  while (file.read(bytes.data(), bytes.size()), file.gcount() > 0) {
    text.append(bytes.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() <= kBytesMax) continue;
    throw std::runtime_error(path + " has more than 64 MiB: it is no file with a replay string");
  }
  return text;
}

std::string word_of(const std::string& word_or_file) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(word_or_file, ignored);
  if (!exists(status) || is_directory(status)) return word_or_file;
  std::istringstream text(text_of_file(word_or_file));
  std::string word;
  if (!(text >> word)) throw std::runtime_error("there is no replay string in " + word_or_file);
  return word;
}

// The parts of a word, by their numbers in its form.
class Parts {
 public:
  Parts(const std::string& word, const char* form) : word_(word) {
    regex_t compiled;
    fit_ = regcomp(&compiled, form, REG_EXTENDED) == 0 &&
           regexec(&compiled, word.c_str(), parts_.size(), parts_.data(), 0) == 0;
    regfree(&compiled);
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
  const std::string& word_;
  std::array<regmatch_t, 13> parts_{};
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

// As much of it as fits into a message.
std::string shown(const std::string& word) {
  constexpr std::size_t kBytesMax = 100;
  return word.size() <= kBytesMax ? word : word.substr(0, kBytesMax) + "...";
}

std::runtime_error no_replay_string(const std::string& name) {
  return std::runtime_error(fmt::format(
      "'{}' is neither a replay string, as `ums explore` prints them, nor a file with one",
      shown(name)));
}

// Whether the check is that of what is behind it.
bool is_whole(const std::string& program, const std::string& check_and_rest) {
  const std::size_t end = check_and_rest.find(':');
  return end != std::string::npos &&
         check_and_rest.substr(0, end) == check_of(program, check_and_rest.substr(end + 1));
}

// Throws std::runtime_error unless it is one of this version, and whole. `name`: for messages.
void check(const std::string& word, const std::string& name) {
  const Parts parts(word, kBeginning);
  if (!parts.fit()) throw no_replay_string(name);
  if (parts[1] != kVersion) {
    throw std::runtime_error(fmt::format(
        "'{}' is of version {} of the simulated machine, this is version {}: explore again",
        shown(name), shown(parts[1]), kVersion));
  }
  if (is_whole(parts[2], word.substr(parts[0].size()))) return;
  throw std::runtime_error(fmt::format(
      "the schedule is damaged or cut: '{}' is not as `ums explore` has printed it", shown(name)));
}

}  // namespace

std::string ReplayString::text() const {
  const std::string steps = steps_max == 0 ? "" : fmt::format(":{}", steps_max);
  const std::string rest = schedule + steps + text_of(cpus);
  return fmt::format("{}:{}:{}:{}", kVersion, program, check_of(program, rest), rest);
}

ReplayString ReplayString::parse(const std::string& word_or_file) {
  const std::string word = word_of(word_or_file);
  check(word, word_or_file);
  const Parts parts(word, kForm);
  if (!parts.fit()) throw no_replay_string(word_or_file);
  const std::string steps = parts[8];
  return {parts[2], parts[4], steps.empty() ? 0 : std::stoull(steps),
          parse_cpus(parts[10], parts[12])};
}

std::string hash_of_program(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::system_error(errno, std::generic_category(), "cannot read " + path);
  const std::istreambuf_iterator<char> begin(file);
  return fmt::format("{:08x}", static_cast<std::uint32_t>(hash_of(begin, {})));
}

}  // namespace ums::command
