// SPDX-License-Identifier: Apache-2.0
#include "tools/demo/input.h"

#include <fmt/core.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace ums::demo {

namespace {

// What a person can read of a line that may hold anything.
std::string excerpt(std::string_view text) {
  constexpr std::size_t kCharactersMax = 30;
  std::string shown;
  for (const char c : text.substr(0, kCharactersMax)) shown += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > kCharactersMax) shown += "...";
  return shown;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

class NumberFile {
 public:
  explicit NumberFile(const char* path) : path_(path), file_(std::fopen(path, "r"), &std::fclose) {
    if (file_ == nullptr) fail_to_read(errno);
  }

  std::vector<std::uint64_t> read() {
    std::vector<std::uint64_t> numbers;
    std::string line;
    while (read_line(line)) {
      const std::string_view text = trim(line);
      if (text.empty() || text.front() == '#') continue;
      if (numbers.size() == kNumbersMax) fail(fmt::format("more than {} numbers", kNumbersMax));
      numbers.push_back(parse(text));
    }
    if (numbers.empty()) throw InputError(fmt::format("{}: there is no number in it", path_));
    return numbers;
  }

 private:
  [[noreturn]] void fail_to_read(int error) const {
    throw InputError(fmt::format("cannot read '{}': {}", path_, std::strerror(error)));
  }
  [[noreturn]] void fail(std::string_view what) const {
    throw InputError(fmt::format("{}:{}: {}", path_, line_number_, what));
  }

  // Reads the next line without its end. Returns false at the end of the file.
  bool read_line(std::string& line) {
    line.clear();
    ++line_number_;
    for (;;) {
      const int c = std::getc(file_.get());
      if (c == '\n') return true;
      if (c == EOF) break;
      if (line.size() == kLineBytesMax) {
        fail(fmt::format("a line of more than {} characters", kLineBytesMax));
      }
      line += static_cast<char>(c);
    }
    if (std::ferror(file_.get()) != 0) fail_to_read(errno);
    return !line.empty();
  }

  std::uint64_t parse(std::string_view text) const {
    if (text.find_first_not_of("0123456789") != text.npos) {
      fail(fmt::format("'{}' is not a decimal number", excerpt(text)));
    }
    std::uint64_t number = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    if (result.ec != std::errc() || number > kNumberMax) {
      fail(fmt::format("{} is too large: the largest is {}", excerpt(text), kNumberMax));
    }
    if (number == 0) fail("0 cannot be factored");
    return number;
  }

  const char* const path_;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::size_t line_number_ = 0;
};

}  // namespace

std::vector<std::uint64_t> read_numbers(const char* path) { return NumberFile(path).read(); }

}  // namespace ums::demo
