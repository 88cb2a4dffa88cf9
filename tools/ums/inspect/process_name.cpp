// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/process_name.h"

#include <fmt/core.h>

#include <cwchar>
#include <cwctype>
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

namespace {

// The characters of `word` as the locale encodes them; `?` for bytes that are none, and for those
// that are not printed.
std::string printable(const std::string& word) {
  std::string text;
  std::mbstate_t state{};
  for (const char *at = word.data(), *const end = at + word.size(); at < end;) {
    wchar_t character = 0;
    const std::size_t bytes =
        std::mbrtowc(&character, at, static_cast<std::size_t>(end - at), &state);
    const bool is_one = bytes != 0 && bytes <= static_cast<std::size_t>(end - at);
    if (!is_one) state = {};
    const std::size_t taken = is_one ? bytes : 1;
    text += is_one && std::iswprint(static_cast<std::wint_t>(character)) != 0
                ? std::string(at, taken)
                : "?";
    at += taken;
  }
  return text;
}

}  // namespace

std::string shown_command(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    line += printable(word);
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
