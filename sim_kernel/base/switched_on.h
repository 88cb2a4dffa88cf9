// SPDX-License-Identifier: Apache-2.0
//
// What a switch among the environment variables says: UMS_QUIET, UMS_STRICT, and UMS_TRACE, which
// may name a file besides. One rule for all: any value but the empty one and 0 switches it on.
//
// Thread safety: any thread.
#pragma once

#include <string_view>

namespace ums::kernel {

// `value` is what getenv returned: null where the variable is not set.
inline bool switched_on(const char* value) noexcept {
  const std::string_view text = value == nullptr ? "" : value;
  return !text.empty() && text != "0";
}

}  // namespace ums::kernel
