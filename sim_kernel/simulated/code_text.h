// SPDX-License-Identifier: Apache-2.0
//
// CodeText: what an address is called, by the dynamic linker's tables:
//
//     function+0x12 (module+0xabc)     (module+0xabc), for what the module does not export
//     0x7ffe1234                       in no module: a stack, or memory of malloc
//
// Thread safety: plain values; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace ums::kernel {

class CodeText {
 public:
  explicit CodeText(const void* address) noexcept;

  std::string_view text() const noexcept { return {text_, length_}; }

 private:
  char text_[200];
  std::size_t length_;
};

}  // namespace ums::kernel
