// SPDX-License-Identifier: Apache-2.0
//
// CodeText: what an address is called:
//
//     function+0x12 (module+0xabc)     a function's or variable's, by the module's symbol table
//     (module+0xabc)                   the module has no name for it
//     0x7ffe1234                       in no module: a stack, or memory of malloc
//
// Thread safety: plain values; any thread; it allocates.
#pragma once

#include <cstddef>
#include <string_view>

namespace ums::kernel {

class CodeText {
 public:
  explicit CodeText(const void* address) noexcept;

  std::string_view text() const noexcept { return {text_, length_}; }

 private:
  char text_[300];
  std::size_t length_;
};

}  // namespace ums::kernel
