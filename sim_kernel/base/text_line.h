// SPDX-License-Identifier: Apache-2.0
//
// TextLine: a line in the making, on the stack; what does not fit is cut.
//
//     TextLine<192> line;
//     line.add("[{}] ", tid);
//     file.write(line.view());
//
// For .cpp files: it needs all of fmt. Nothing allocates, and errno is left alone.
//
// Thread safety: one thread.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

namespace ums::kernel {

template <std::size_t kBytes>
class TextLine {
 public:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) noexcept {
    const std::size_t room = kBytes - length_;
    const auto end = fmt::format_to_n(text_ + length_, room, format, static_cast<Args&&>(args)...);
    length_ += end.size < room ? end.size : room;
  }

  std::string_view view() const noexcept { return {text_, length_}; }
  void clear() noexcept { length_ = 0; }
  bool is_empty() const noexcept { return length_ == 0; }

 private:
  std::size_t length_ = 0;
  char text_[kBytes];
};

}  // namespace ums::kernel
