// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/process_name.h"

#include <fmt/core.h>

#include <cctype>
#include <fstream>
#include <iterator>

namespace ums::command {

pid_t process_of(pid_t thread) {
  std::ifstream status(fmt::format("/proc/{}/status", thread));
  for (std::string word; status >> word;) {
    pid_t process = 0;
    if (word == "Tgid:" && status >> process) return process;
  }
  return thread;
}

std::vector<std::string> command_words(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/cmdline", process));
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

std::string shown_command(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    for (const char byte : word) {
      const auto value = static_cast<unsigned char>(byte);
      line += value < ' ' || value == 0x7f || (value & 0xe0) == 0x80 ? '?' : byte;
    }
  }
  return line.empty() ? "?" : line;
}

std::string shown_age(double seconds) {
  constexpr struct {
    double seconds;
    char unit;
  } kUnits[] = {{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}};
  for (const auto& [length, unit] : kUnits) {
    if (seconds >= length) return fmt::format("{}{}", static_cast<long>(seconds / length), unit);
  }
  return fmt::format("{}s", static_cast<long>(seconds));
}

}  // namespace ums::command
