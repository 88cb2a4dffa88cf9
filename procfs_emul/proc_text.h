// SPDX-License-Identifier: Apache-2.0
//
// ProcText: what a virtual file shows, in a buffer of its reader (Linux: seq_file).
//
//     text.print("Pid:\t{}\n", pid);
//
// Invariants:
// 1. A text that does not fit is cut, and says so (overflowed): its writer is to be changed.
//
// Thread safety: a plain value.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <string_view>
#include <utility>

namespace ums::kernel {

// The longest text of a file, and the longest target of a link.
inline constexpr std::size_t kProcTextBytesMax = 512;

class ProcText {
 public:
  // Appends. Context: any but a park stack; allocates nothing.
  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) noexcept {
    const std::size_t room = sizeof bytes_ - length_;
    const auto end = fmt::format_to_n(bytes_ + length_, room, format, std::forward<Args>(args)...);
    overflowed_ = overflowed_ || end.size > room;
    length_ += end.size < room ? end.size : room;
  }

  void clear() noexcept {
    length_ = 0;
    overflowed_ = false;
  }

  bool overflowed() const noexcept { return overflowed_; }
  std::size_t size() const noexcept { return length_; }
  std::string_view view() const noexcept { return {bytes_, length_}; }

 private:
  std::size_t length_ = 0;
  bool overflowed_ = false;
  char bytes_[kProcTextBytesMax];
};

}  // namespace ums::kernel
