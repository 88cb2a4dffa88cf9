// SPDX-License-Identifier: Apache-2.0
//
// The numbers to factor, from a text file: one decimal number from 1 to kNumberMax a line. Empty
// lines and lines that begin with # are skipped, blanks around a number too.
//
// A file that holds anything else is refused as a whole, with the place: "FILE:LINE: what".
//
// Thread safety: none needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace ums::demo {

inline constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 62) - 1;
inline constexpr std::size_t kLineBytesMax = 200;
inline constexpr std::size_t kNumbersMax = 10'000'000;

// what() is the whole message, for the person.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Returns the numbers of file `path`, at least one. Throws InputError.
std::vector<std::uint64_t> read_numbers(const char* path);

}  // namespace ums::demo
